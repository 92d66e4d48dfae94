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
}
