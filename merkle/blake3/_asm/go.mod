module github.com/assaylab/assay/merkle/blake3/_asm

go 1.26.8
