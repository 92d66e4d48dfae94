module github.com/assaylab/assay/consensus/_asm

go 1.26.0
