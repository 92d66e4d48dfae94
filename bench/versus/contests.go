package main

// contests lists every contest, named as in the README's table of figures.
var contests = []contest{
	{"merkle/tree-1Mi", merkleTree},
}
