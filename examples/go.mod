module github.com/assaylab/assay/examples

go 1.26.8

require github.com/assaylab/assay v0.0.0

replace github.com/assaylab/assay => ../
