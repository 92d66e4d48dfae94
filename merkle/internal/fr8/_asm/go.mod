module github.com/assaylab/assay/merkle/internal/fr8/asm

go 1.26.0
