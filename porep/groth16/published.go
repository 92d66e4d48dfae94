package groth16

import "github.com/assaylab/assay/porep/sector"

// A PublishedFile is what is known of one published parameter file.
type PublishedFile struct {
	Name   string
	Digest Digest
	Size   sector.Size // of the sectors it serves; 0 for all
	CID    string      // IPFS content id under which it is handed out
}

// Published returns what is known of the parameter file of that name.
//
// Source: rust-fil-proofs 87348a7, filecoin-proofs/parameters.json and srs-inner-product.json.
func Published(name string) (PublishedFile, bool) {
	for _, f := range published {
		if f.Name == name {
			return f, true
		}
	}
	return PublishedFile{}, false
}

// PublishedFiles returns all published parameter files in the order of their names. The slice is the caller's.
func PublishedFiles() []PublishedFile { return append([]PublishedFile(nil), published...) }

// published is a table of facts: names, digests and contents' ids as the network's parameter files were published.
var published = []PublishedFile{
	{
		Name:   "v28-empty-sector-update-merkletree-poseidon_hasher-8-0-0-61fa69f38b9cc771ba27b670124714b4ea77fbeae05e377fb859c4a43b73a30c.params",
		Digest: Digest{0xc3, 0xad, 0x7b, 0xb5, 0x49, 0x47, 0x0b, 0x82, 0xad, 0x52, 0xed, 0x07, 0x0a, 0xeb, 0xb4, 0xf4},
		Size:   536870912,
		CID:    "Qma5WL6abSqYg9uUQAZ3EHS286bsNsha7oAGsJBD48Bq2q",
	},
	{
		Name:   "v28-empty-sector-update-merkletree-poseidon_hasher-8-0-0-61fa69f38b9cc771ba27b670124714b4ea77fbeae05e377fb859c4a43b73a30c.vk",
		Digest: Digest{0x99, 0x4c, 0x5b, 0x7d, 0x45, 0x0c, 0xa9, 0xda, 0x34, 0x8c, 0x91, 0x06, 0x89, 0xf2, 0xdc, 0x7f},
		Size:   536870912,
		CID:    "QmUa7f9JtJMsqJJ3s3ZXk6WyF4xJLE8FiqYskZGgk8GCDv",
	},
	{
		Name:   "v28-empty-sector-update-merkletree-poseidon_hasher-8-0-0-92180959e1918d26350b8e6cfe217bbdd0a2d8de51ebec269078b364b715ad63.params",
		Digest: Digest{0x5a, 0xed, 0xd2, 0xcf, 0x3e, 0x5c, 0x0a, 0x15, 0x62, 0x3d, 0x56, 0xa1, 0xb4, 0x31, 0x10, 0xad},
		Size:   8388608,
		CID:    "QmQiT4qBGodrVNEgVTDXxBNDdPbaD8Ag7Sx3ZTq1zHX79S",
	},
	{
		Name:   "v28-empty-sector-update-merkletree-poseidon_hasher-8-0-0-92180959e1918d26350b8e6cfe217bbdd0a2d8de51ebec269078b364b715ad63.vk",
		Digest: Digest{0xab, 0xd8, 0x02, 0x69, 0x05, 0x4d, 0x39, 0x1a, 0x73, 0x4f, 0xeb, 0xda, 0xc0, 0xd2, 0xe6, 0x87},
		Size:   8388608,
		CID:    "QmdcpKUQvHM8RFRVKbk1yHfEqMcBzhtFWKRp9SNEmWq37i",
	},
	{
		Name:   "v28-empty-sector-update-merkletree-poseidon_hasher-8-0-0-fb9e095bebdd77511c0269b967b4d87ba8b8a525edaa0e165de23ba454510194.params",
		Digest: Digest{0x31, 0x1f, 0x92, 0xa3, 0xe7, 0x50, 0x36, 0xce, 0xd0, 0x1b, 0x1c, 0x00, 0x25, 0xf1, 0xfa, 0x0c},
		Size:   2048,
		CID:    "QmYM6Hg7mjmvA3ZHTsqkss1fkdyDju5dDmLiBZGJ5pz9y9",
	},
	{
		Name:   "v28-empty-sector-update-merkletree-poseidon_hasher-8-0-0-fb9e095bebdd77511c0269b967b4d87ba8b8a525edaa0e165de23ba454510194.vk",
		Digest: Digest{0xea, 0xda, 0xd9, 0x78, 0x49, 0x69, 0x89, 0x0d, 0x30, 0xf2, 0x74, 0x97, 0x08, 0xc7, 0x97, 0x71},
		Size:   2048,
		CID:    "QmaQsTLL3nc5dw6wAvaioJSBfd1jhQrA2o6ucFf7XeV74P",
	},
	{
		Name:   "v28-empty-sector-update-merkletree-poseidon_hasher-8-8-0-3b7f44a9362e3985369454947bc94022e118211e49fd672d52bec1cbfd599d18.params",
		Digest: Digest{0x1b, 0x3c, 0xfd, 0x76, 0x1a, 0x96, 0x15, 0x43, 0xf9, 0xeb, 0x27, 0x3e, 0x43, 0x5a, 0x06, 0xa2},
		Size:   34359738368,
		CID:    "QmNPc75iEfcahCwNKdqnWLtxnjspUGGR4iscjiz3wP3RtS",
	},
	{
		Name:   "v28-empty-sector-update-merkletree-poseidon_hasher-8-8-0-3b7f44a9362e3985369454947bc94022e118211e49fd672d52bec1cbfd599d18.vk",
		Digest: Digest{0x3a, 0x69, 0x41, 0x98, 0x37, 0x54, 0x73, 0x7f, 0xde, 0x88, 0x0d, 0x29, 0xc7, 0x09, 0x49, 0x05},
		Size:   34359738368,
		CID:    "QmdFFUe1gcz9MMHc6YW8aoV48w4ckvcERjt7PkydQAMfCN",
	},
	{
		Name:   "v28-empty-sector-update-merkletree-poseidon_hasher-8-8-2-102e1444a7e9a97ebf1e3d6855dcc77e66c011ea66f936d9b2c508f87f2f83a7.params",
		Digest: Digest{0x1a, 0x39, 0x2e, 0x7b, 0x75, 0x9f, 0xb1, 0x8e, 0x03, 0x6c, 0x75, 0x59, 0xb5, 0xec, 0xe8, 0x16},
		Size:   68719476736,
		CID:    "QmUB6xTVjzBQGuDNeyJMrrJ1byk58vhPm8eY2Lv9pgwanp",
	},
	{
		Name:   "v28-empty-sector-update-merkletree-poseidon_hasher-8-8-2-102e1444a7e9a97ebf1e3d6855dcc77e66c011ea66f936d9b2c508f87f2f83a7.vk",
		Digest: Digest{0x80, 0xe3, 0x66, 0xdf, 0x2f, 0x10, 0x11, 0x95, 0x3c, 0x2d, 0x01, 0xc7, 0xb7, 0xc9, 0xee, 0x8e},
		Size:   68719476736,
		CID:    "Qmd794Jty7k26XJ8Eg4NDEks65Qk8G4GVfGkwqvymv8HAg",
	},
	{
		Name:   "v28-empty-sector-update-poseidon-merkletree-poseidon_hasher-8-8-0-3b7f44a9362e3985369454947bc94022e118211e49fd672d52bec1cbfd599d18.params",
		Digest: Digest{0xb6, 0x99, 0x83, 0xb5, 0xd7, 0xa9, 0x7a, 0x20, 0xf4, 0x3b, 0x3d, 0x5f, 0xf2, 0xa4, 0xed, 0x04},
		Size:   34359738368,
		CID:    "QmfK4tonETepL6F4kDFdJ3fr72fzRWoRPf3XGMhV3RLX1S",
	},
	{
		Name:   "v28-empty-sector-update-poseidon-merkletree-poseidon_hasher-8-8-0-3b7f44a9362e3985369454947bc94022e118211e49fd672d52bec1cbfd599d18.vk",
		Digest: Digest{0x1a, 0xc0, 0x57, 0x84, 0xf3, 0x04, 0x12, 0x9f, 0x74, 0xc5, 0x18, 0x41, 0x90, 0xc1, 0xec, 0x78},
		Size:   34359738368,
		CID:    "QmYCTYJQPu8wgtB2rMZ7HJC9nDx8c1fzYRPdCUiErK4q5a",
	},
	{
		Name:   "v28-empty-sector-update-poseidon-merkletree-poseidon_hasher-8-8-2-102e1444a7e9a97ebf1e3d6855dcc77e66c011ea66f936d9b2c508f87f2f83a7.params",
		Digest: Digest{0xa6, 0xd4, 0xf9, 0x6e, 0x2b, 0x64, 0x1a, 0x6d, 0x7a, 0x1a, 0x8e, 0x6d, 0xc1, 0x15, 0x5c, 0x8a},
		Size:   68719476736,
		CID:    "QmNaaQXfm2NveN2Hf7bJ3udnQB2Qa4moMcUoJYJS6oWL6w",
	},
	{
		Name:   "v28-empty-sector-update-poseidon-merkletree-poseidon_hasher-8-8-2-102e1444a7e9a97ebf1e3d6855dcc77e66c011ea66f936d9b2c508f87f2f83a7.vk",
		Digest: Digest{0x8e, 0x8f, 0xb9, 0xe2, 0xc5, 0x6e, 0xb5, 0xd7, 0x40, 0xd0, 0xde, 0x13, 0x53, 0x05, 0xa7, 0xb8},
		Size:   68719476736,
		CID:    "QmXyeg9hbM7x9dGuUuAS68ozhiFEez4UkPTgwSDCVYKHBw",
	},
	{
		Name:   "v28-fil-inner-product-v1.srs",
		Digest: Digest{0xae, 0x20, 0x31, 0x01, 0x38, 0xf5, 0xba, 0x81, 0x45, 0x1d, 0x72, 0x3f, 0x85, 0x8e, 0x37, 0x97},
		Size:   0,
		CID:    "Qmdq44DjcQnFfU3PJcdX7J49GCqcUYszr1TxMbHtAkvQ3g",
	},
	{
		Name:   "v28-proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-0-0-0170db1f394b35d995252228ee359194b13199d259380541dc529fb0099096b0.params",
		Digest: Digest{0x76, 0x10, 0xb9, 0xf8, 0x2b, 0xfc, 0x88, 0x40, 0x5b, 0x7a, 0x83, 0x2b, 0x65, 0x1c, 0xe2, 0xf6},
		Size:   2048,
		CID:    "QmVxjFRyhmyQaZEtCh7nk2abc7LhFkzhnRX4rcHqCCpikR",
	},
	{
		Name:   "v28-proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-0-0-0170db1f394b35d995252228ee359194b13199d259380541dc529fb0099096b0.vk",
		Digest: Digest{0x0e, 0x09, 0x58, 0x00, 0x99, 0x36, 0xb9, 0xd5, 0xe5, 0x15, 0xec, 0x97, 0xb8, 0xcb, 0x79, 0x2d},
		Size:   2048,
		CID:    "QmcS5JZs8X3TdtkEBpHAdUYjdNDqcL7fWQFtQz69mpnu2X",
	},
	{
		Name:   "v28-proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-0-0-0cfb4f178bbb71cf2ecfcd42accce558b27199ab4fb59cb78f2483fe21ef36d9.params",
		Digest: Digest{0x1a, 0x7d, 0x4a, 0x9c, 0x8a, 0x50, 0x2a, 0x49, 0x7e, 0xd9, 0x2a, 0x54, 0x36, 0x6a, 0xf3, 0x3f},
		Size:   536870912,
		CID:    "QmUiRx71uxfmUE8V3H9sWAsAXoM88KR4eo1ByvvcFNeTLR",
	},
	{
		Name:   "v28-proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-0-0-0cfb4f178bbb71cf2ecfcd42accce558b27199ab4fb59cb78f2483fe21ef36d9.vk",
		Digest: Digest{0x4d, 0xae, 0x97, 0x5d, 0xe4, 0xf0, 0x11, 0xf1, 0x01, 0xf5, 0xa2, 0xf8, 0x6d, 0x1d, 0xaa, 0xba},
		Size:   536870912,
		CID:    "QmfCeddjFpWtavzfEzZpJfzSajGNwfL4RjFXWAvA9TSnTV",
	},
	{
		Name:   "v28-proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-0-0-3ea05428c9d11689f23529cde32fd30aabd50f7d2c93657c1d3650bca3e8ea9e.params",
		Digest: Digest{0x82, 0xc8, 0x80, 0x66, 0xbe, 0x96, 0x8b, 0xb5, 0x50, 0xa0, 0x5e, 0x30, 0xff, 0x6c, 0x24, 0x13},
		Size:   2048,
		CID:    "QmcSTqDcFVLGGVYz1njhUZ7B6fkKtBumsLUwx4nkh22TzS",
	},
	{
		Name:   "v28-proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-0-0-3ea05428c9d11689f23529cde32fd30aabd50f7d2c93657c1d3650bca3e8ea9e.vk",
		Digest: Digest{0xff, 0xd7, 0x97, 0x88, 0xd6, 0x14, 0xd2, 0x79, 0x19, 0xae, 0x5b, 0xd2, 0xd9, 0x4e, 0xac, 0xb6},
		Size:   2048,
		CID:    "QmSTCXF2ipGA3f6muVo6kHc2URSx6PzZxGUqu7uykaH5KU",
	},
	{
		Name:   "v28-proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-0-0-50c7368dea9593ed0989e70974d28024efa9d156d585b7eea1be22b2e753f331.params",
		Digest: Digest{0x70, 0x01, 0x71, 0xec, 0xf7, 0x33, 0x4e, 0x31, 0x99, 0x43, 0x7c, 0x93, 0x06, 0x76, 0xaf, 0x82},
		Size:   8388608,
		CID:    "QmU9SBzJNrcjRFDiFc4GcApqdApN6z9X7MpUr66mJ2kAJP",
	},
	{
		Name:   "v28-proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-0-0-50c7368dea9593ed0989e70974d28024efa9d156d585b7eea1be22b2e753f331.vk",
		Digest: Digest{0x79, 0xeb, 0xb5, 0x5f, 0x56, 0xfd, 0xa4, 0x27, 0x74, 0x3e, 0x35, 0x05, 0x3e, 0xda, 0xd8, 0xfc},
		Size:   8388608,
		CID:    "QmbmUMa3TbbW3X5kFhExs6WgC4KeWT18YivaVmXDkB6ANG",
	},
	{
		Name:   "v28-proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-0-0-5294475db5237a2e83c3e52fd6c2b03859a1831d45ed08c4f35dbf9a803165a9.params",
		Digest: Digest{0xc4, 0x94, 0x99, 0xbb, 0x76, 0xa0, 0x76, 0x28, 0x84, 0x89, 0x6f, 0x96, 0x83, 0x40, 0x3f, 0x55},
		Size:   8388608,
		CID:    "QmdNEL2RtqL52GQNuj8uz6mVj5Z34NVnbaJ1yMyh1oXtBx",
	},
	{
		Name:   "v28-proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-0-0-5294475db5237a2e83c3e52fd6c2b03859a1831d45ed08c4f35dbf9a803165a9.vk",
		Digest: Digest{0x34, 0xd4, 0xfe, 0xea, 0xcd, 0x9a, 0xbf, 0x78, 0x8d, 0x69, 0xef, 0x1b, 0xb4, 0xd8, 0xfd, 0x00},
		Size:   8388608,
		CID:    "QmUiVYCQUgr6Y13pZFr8acWpSM4xvTXUdcvGmxyuHbKhsc",
	},
	{
		Name:   "v28-proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-0-0-7d739b8cf60f1b0709eeebee7730e297683552e4b69cab6984ec0285663c5781.params",
		Digest: Digest{0x82, 0x73, 0x59, 0x44, 0x03, 0x49, 0xfe, 0x8f, 0x5a, 0x01, 0x6e, 0x75, 0x98, 0x99, 0x3b, 0x79},
		Size:   536870912,
		CID:    "QmVgCsJFRXKLuuUhT3aMYwKVGNA9rDeR6DCrs7cAe8riBT",
	},
	{
		Name:   "v28-proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-0-0-7d739b8cf60f1b0709eeebee7730e297683552e4b69cab6984ec0285663c5781.vk",
		Digest: Digest{0xbd, 0x2c, 0xd6, 0x2f, 0x65, 0xc1, 0xab, 0x84, 0xf1, 0x9c, 0xa2, 0x7e, 0x97, 0xb7, 0xc7, 0x31},
		Size:   536870912,
		CID:    "QmfA31fbCWojSmhSGvvfxmxaYCpMoXP95zEQ9sLvBGHNaN",
	},
	{
		Name:   "v28-proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-8-0-0377ded656c6f524f1618760bffe4e0a1c51d5a70c4509eedae8a27555733edc.params",
		Digest: Digest{0x2c, 0xf4, 0x9e, 0xb2, 0x6f, 0x1f, 0xee, 0x94, 0xc8, 0x57, 0x81, 0xa3, 0x90, 0xdd, 0xb4, 0xc8},
		Size:   34359738368,
		CID:    "QmaUmfcJt6pozn8ndq1JVBzLRjRJdHMTPd4foa8iw5sjBZ",
	},
	{
		Name:   "v28-proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-8-0-0377ded656c6f524f1618760bffe4e0a1c51d5a70c4509eedae8a27555733edc.vk",
		Digest: Digest{0x0f, 0x8e, 0xc5, 0x42, 0x48, 0x55, 0x68, 0xfa, 0x34, 0x68, 0xc0, 0x66, 0xe9, 0xfe, 0xd8, 0x2b},
		Size:   34359738368,
		CID:    "QmR9i9KL3vhhAqTBGj1bPPC7LvkptxrH9RvxJxLN1vvsBE",
	},
	{
		Name:   "v28-proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-8-0-559e581f022bb4e4ec6e719e563bf0e026ad6de42e56c18714a2c692b1b88d7e.params",
		Digest: Digest{0xd8, 0x4f, 0x79, 0xa1, 0x6f, 0xe4, 0x0e, 0x9e, 0x25, 0xa3, 0x6e, 0x21, 0x07, 0xbb, 0x1b, 0xa0},
		Size:   34359738368,
		CID:    "Qmdtczp7p4wrbDofmHdGhiixn9irAcN77mV9AEHZBaTt1i",
	},
	{
		Name:   "v28-proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-8-0-559e581f022bb4e4ec6e719e563bf0e026ad6de42e56c18714a2c692b1b88d7e.vk",
		Digest: Digest{0xfc, 0x02, 0x94, 0x36, 0x78, 0xdd, 0x11, 0x9e, 0x69, 0xe7, 0xfa, 0xb8, 0x42, 0x0e, 0x88, 0x19},
		Size:   34359738368,
		CID:    "QmZCvxKcKP97vDAk8Nxs9R1fWtqpjQrAhhfXPoCi1nkDoF",
	},
	{
		Name:   "v28-proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-8-2-2627e4006b67f99cef990c0a47d5426cb7ab0a0ad58fc1061547bf2d28b09def.params",
		Digest: Digest{0x38, 0x10, 0xb7, 0x78, 0x0a, 0xc0, 0xe2, 0x99, 0xb2, 0x2a, 0xe7, 0x0f, 0x1f, 0x94, 0xc9, 0xbc},
		Size:   68719476736,
		CID:    "QmeAN4vuANhXsF8xP2Lx5j2L6yMSdogLzpcvqCJThRGK1V",
	},
	{
		Name:   "v28-proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-8-2-2627e4006b67f99cef990c0a47d5426cb7ab0a0ad58fc1061547bf2d28b09def.vk",
		Digest: Digest{0x59, 0xd2, 0xbf, 0x18, 0x57, 0xad, 0xc5, 0x9a, 0x4f, 0x08, 0xfc, 0xf2, 0xaf, 0xaa, 0x91, 0x6b},
		Size:   68719476736,
		CID:    "QmWV8rqZLxs1oQN9jxNWmnT1YdgLwCcscv94VARrhHf1T7",
	},
	{
		Name:   "v28-proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-8-2-b62098629d07946e9028127e70295ed996fe3ed25b0f9f88eb610a0ab4385a3c.params",
		Digest: Digest{0x21, 0x70, 0xa9, 0x1a, 0xd5, 0xba, 0xe2, 0x2e, 0xa6, 0x1f, 0x2e, 0xa7, 0x66, 0x63, 0x03, 0x22},
		Size:   68719476736,
		CID:    "QmVkrXc1SLcpgcudK5J25HH93QvR9tNsVhVTYHm5UymXAz",
	},
	{
		Name:   "v28-proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-8-2-b62098629d07946e9028127e70295ed996fe3ed25b0f9f88eb610a0ab4385a3c.vk",
		Digest: Digest{0x6d, 0x37, 0x89, 0x14, 0x8f, 0xb6, 0x46, 0x6d, 0x07, 0xee, 0x1e, 0x24, 0xd6, 0x29, 0x2f, 0xd6},
		Size:   68719476736,
		CID:    "QmbfQjPD7EpzjhWGmvWAsyN2mAZ4PcYhsf3ujuhU9CSuBm",
	},
	{
		Name:   "v28-stacked-proof-of-replication-merkletree-poseidon_hasher-8-0-0-sha256_hasher-032d3138d22506ec0082ed72b2dcba18df18477904e35bafee82b3793b06832f.params",
		Digest: Digest{0x43, 0x4f, 0xb1, 0x33, 0x8e, 0xcf, 0xaf, 0x0f, 0x59, 0x25, 0x6f, 0x30, 0xdd, 0xe4, 0x96, 0x8f},
		Size:   2048,
		CID:    "QmWceMgnWYLopMuM4AoGMvGEau7tNe5UK83XFjH5V9B17h",
	},
	{
		Name:   "v28-stacked-proof-of-replication-merkletree-poseidon_hasher-8-0-0-sha256_hasher-032d3138d22506ec0082ed72b2dcba18df18477904e35bafee82b3793b06832f.vk",
		Digest: Digest{0xdc, 0x1a, 0xde, 0x99, 0x29, 0xad, 0xe1, 0x70, 0x82, 0x38, 0xf1, 0x55, 0x34, 0x30, 0x44, 0xac},
		Size:   2048,
		CID:    "QmamahpFCstMUqHi2qGtVoDnRrsXhid86qsfvoyCTKJqHr",
	},
	{
		Name:   "v28-stacked-proof-of-replication-merkletree-poseidon_hasher-8-0-0-sha256_hasher-6babf46ce344ae495d558e7770a585b2382d54f225af8ed0397b8be7c3fcd472.params",
		Digest: Digest{0x6c, 0x77, 0x59, 0x7e, 0xb9, 0x1a, 0xb9, 0x36, 0xc1, 0xce, 0xf4, 0xcf, 0x19, 0xeb, 0xa1, 0xb3},
		Size:   536870912,
		CID:    "QmYBpTt7LWNAWr1JXThV5VxX7wsQFLd1PHrGYVbrU1EZjC",
	},
	{
		Name:   "v28-stacked-proof-of-replication-merkletree-poseidon_hasher-8-0-0-sha256_hasher-6babf46ce344ae495d558e7770a585b2382d54f225af8ed0397b8be7c3fcd472.vk",
		Digest: Digest{0x06, 0x51, 0x79, 0xda, 0x19, 0xfb, 0xe5, 0x15, 0x50, 0x72, 0x67, 0x67, 0x7f, 0x02, 0x82, 0x3e},
		Size:   536870912,
		CID:    "QmWionkqH2B6TXivzBSQeSyBxojaiAFbzhjtwYRrfwd8nH",
	},
	{
		Name:   "v28-stacked-proof-of-replication-merkletree-poseidon_hasher-8-0-0-sha256_hasher-ecd683648512ab1765faa2a5f14bab48f676e633467f0aa8aad4b55dcb0652bb.params",
		Digest: Digest{0x09, 0xe6, 0x12, 0xe4, 0xee, 0xb7, 0xa0, 0xeb, 0x95, 0x67, 0x9a, 0x88, 0x40, 0x4f, 0x96, 0x0c},
		Size:   8388608,
		CID:    "QmPXAPPuQtuQz7Zz3MHMAMEtsYwqM1o9H1csPLeiMUQwZH",
	},
	{
		Name:   "v28-stacked-proof-of-replication-merkletree-poseidon_hasher-8-0-0-sha256_hasher-ecd683648512ab1765faa2a5f14bab48f676e633467f0aa8aad4b55dcb0652bb.vk",
		Digest: Digest{0xb6, 0x87, 0xbe, 0xb9, 0xad, 0xbd, 0x9d, 0xab, 0xe2, 0x65, 0xa7, 0xe3, 0x62, 0x08, 0x13, 0xe4},
		Size:   8388608,
		CID:    "QmYCuipFyvVW1GojdMrjK1JnMobXtT4zRCZs1CGxjizs99",
	},
	{
		Name:   "v28-stacked-proof-of-replication-merkletree-poseidon_hasher-8-8-0-sha256_hasher-82a357d2f2ca81dc61bb45f4a762807aedee1b0a53fd6c4e77b46a01bfef7820.params",
		Digest: Digest{0x6a, 0x38, 0x80, 0x72, 0xa5, 0x18, 0xcf, 0x46, 0xeb, 0xd6, 0x61, 0xf5, 0xcc, 0x46, 0x90, 0x0a},
		Size:   34359738368,
		CID:    "QmengpM684XLQfG8754ToonszgEg2bQeAGUan5uXTHUQzJ",
	},
	{
		Name:   "v28-stacked-proof-of-replication-merkletree-poseidon_hasher-8-8-0-sha256_hasher-82a357d2f2ca81dc61bb45f4a762807aedee1b0a53fd6c4e77b46a01bfef7820.vk",
		Digest: Digest{0x0c, 0x7b, 0x4a, 0xac, 0x1c, 0x40, 0xfd, 0xb7, 0xeb, 0x82, 0xbc, 0x35, 0x5b, 0x41, 0xad, 0xdf},
		Size:   34359738368,
		CID:    "Qmf93EMrADXAK6CyiSfE8xx45fkMfR3uzKEPCvZC1n2kzb",
	},
	{
		Name:   "v28-stacked-proof-of-replication-merkletree-poseidon_hasher-8-8-2-sha256_hasher-96f1b4a04c5c51e4759bbf224bbc2ef5a42c7100f16ec0637123f16a845ddfb2.params",
		Digest: Digest{0x18, 0x01, 0xf8, 0xa6, 0xe1, 0xb0, 0x0b, 0xce, 0xb0, 0x0c, 0xc2, 0x73, 0x14, 0xbb, 0x5c, 0xe3},
		Size:   68719476736,
		CID:    "QmS7ye6Ri2MfFzCkcUJ7FQ6zxDKuJ6J6B8k5PN7wzSR9sX",
	},
	{
		Name:   "v28-stacked-proof-of-replication-merkletree-poseidon_hasher-8-8-2-sha256_hasher-96f1b4a04c5c51e4759bbf224bbc2ef5a42c7100f16ec0637123f16a845ddfb2.vk",
		Digest: Digest{0xa8, 0x98, 0x84, 0x25, 0x2c, 0x04, 0xc2, 0x98, 0xd0, 0xb3, 0xc8, 0x1b, 0xfd, 0x88, 0x41, 0x64},
		Size:   68719476736,
		CID:    "QmehSmC6BhrgRZakPDta2ewoH9nosNzdjCqQRXsNFNUkLN",
	},
}
