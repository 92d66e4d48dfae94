module github.com/assaylab/assay/merkle/sha2/_asm

go 1.26.8
