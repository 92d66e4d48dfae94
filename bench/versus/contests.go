package main

// contests lists every contest, named as in the README's table of figures.
var contests = []contest{
	{"merkle/tree-1Mi", merkleTree},
	{name: "commp", setup: commPContest},
	{name: "fr32", setup: fr32Contest},
	{name: "graph", setup: graphContest},
	{"yuma/sparse-256", yuma("sparse-256")},
	{"yuma/sparse-1024", yuma("sparse-1024")},
	{"yuma/sparse-1024-full", yuma("sparse-1024-full")},
	{"yuma/sparse-4096", yuma("sparse-4096")},
	{"yuma/sparse-16384", yuma("sparse-16384")},
	{"yuma/liquid-1024", yuma("liquid-1024")},
	{"yuma/liquid-4096", yuma("liquid-4096")},
	{"yuma/dense-1024", yuma("dense-1024")},
	{"yuma/dense-1024-full", yuma("dense-1024-full")},
	{"yuma/dense-4096", yuma("dense-4096")},
	{"erasure/rs-10-4", rsEncode(10, 4, 1<<20, 1)},
	{"erasure/rs-10-4-rebuild", rsRebuild(10, 4, 1<<20, 1)},
	{"erasure/rs-17-3", rsEncode(17, 3, 16<<10, 1, 2)},
	{"erasure/rs-64-64", rsEncode(64, 64, 16<<10, 1, 2)},
	{"erasure/rs-64-64-rebuild", rsRebuild(64, 64, 16<<10, 1, 2)},
	{"erasure/manifest-10-4", manifest104},
	{"erasure/decode-29-51", decode2951},
	{"erasure/square-128", square128},
	{"erasure/square-128-repair", square128Repair},
}
