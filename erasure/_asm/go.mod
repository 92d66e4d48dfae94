module github.com/assaylab/assay/erasure/_asm

go 1.26.8
