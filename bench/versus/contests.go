package main

// contests lists every contest, named as in the README's table of figures.
var contests = []contest{
	{"merkle/tree-1Mi", merkleTree},
	{name: "commp", setup: commPContest},
	{name: "fr32", setup: fr32Contest},
	{name: "graph", setup: graphContest},
}
