package sector

import "strconv"

// Names of the files in a sector's cache directory, as rust-fil-proofs writes and reads them.
//
// Source: storage-proofs-core/src/cache_key.rs; merkletree crate, StoreConfig::data_path.
const (
	PAuxFile      = "p_aux"
	TAuxFile      = "t_aux"
	TreeDFile     = "sc-02-data-tree-d.dat"
	SyntheticFile = "syn-porep-vanilla-proofs.dat"
)

// Ids of the stores in t_aux; a store's file is "sc-02-data-<id>.dat".
const (
	treeDID     = "tree-d"
	treeCID     = "tree-c"
	treeRLastID = "tree-r-last"
	layerID     = "layer-"
)

// storeFile is the file of the store with that id.
func storeFile(id string) string { return "sc-02-data-" + id + ".dat" }

// LayerFile returns the name of the file of label layer 1, 2 ...: raw nodes, no header.
func LayerFile(layer int) string { return storeFile(layerID + strconv.Itoa(layer)) }

// TreeCFiles returns the names of the files of TreeC, one a base tree: leaves first, then each row
// upward, the root last.
func (p Proof) TreeCFiles() []string { return p.treeFiles(treeCID) }

// TreeRLastFiles returns the names of the files of TreeRLast, one a base tree: the rows above the
// leaves and the discarded rows, the root last.
func (p Proof) TreeRLastFiles() []string { return p.treeFiles(treeRLastID) }

// treeFiles names the files of a tree: numbered only where there is more than one base tree.
func (p Proof) treeFiles(id string) []string {
	n := p.Shape.BaseTrees()
	if n == 1 {
		return []string{storeFile(id)}
	}
	names := make([]string, n)
	for i := range names {
		names[i] = storeFile(id + "-" + strconv.Itoa(i))
	}
	return names
}

// TreeDLen returns the length in bytes of the file of TreeD, all rows of a binary tree.
func (p Proof) TreeDLen() int64 { return int64((2*p.Nodes() - 1) * NodeSize) }

// TreeCLen returns the length in bytes of each file of TreeC.
func (p Proof) TreeCLen() int64 { return int64(p.baseTreeNodes() * NodeSize) }

// TreeRLastLen returns the length in bytes of each file of TreeRLast, without the discarded rows.
func (p Proof) TreeRLastLen() int64 {
	n := p.baseTreeNodes()
	row := p.BaseLeaves()
	for range p.RowsToDiscard + 1 {
		n -= row
		row /= 8
	}
	return int64(n * NodeSize)
}

// baseTreeNodes is the number of nodes of one base tree, leaves and root included.
func (p Proof) baseTreeNodes() uint64 { return (8*p.BaseLeaves() - 1) / 7 }
