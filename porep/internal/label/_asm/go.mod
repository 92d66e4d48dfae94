module github.com/assaylab/assay/porep/internal/label/_asm

go 1.26.8
