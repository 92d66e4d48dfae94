module github.com/assaylab/assay/bench

go 1.26.8

require (
	github.com/assaylab/assay v0.0.0
	github.com/celestiaorg/rsmt2d v0.15.2
	github.com/filecoin-project/go-fil-commp-hashhash v0.3.0
	github.com/klauspost/reedsolomon v1.14.2
	github.com/prysmaticlabs/gohashtree v0.0.4-beta
	github.com/zeebo/blake3 v0.2.4
	storj.io/infectious v1.0.1
)

require (
	github.com/bits-and-blooms/bitset v1.25.0 // indirect
	github.com/celestiaorg/merkletree v0.0.0-20210714075610-a84dc3ddbbe4 // indirect
	github.com/consensys/gnark-crypto v0.22.0
	github.com/klauspost/cpuid/v2 v2.3.0 // indirect
	github.com/minio/sha256-simd v1.0.1-0.20230130105256-d9c3aea9e949 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/xerrors v0.0.0-20220907171357-04be3eba64a2 // indirect
)

replace github.com/assaylab/assay => ../

replace github.com/assaylab/assay/examples => ../examples
