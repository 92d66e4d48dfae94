// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title Verifier of proofs that the library makes.
/// @notice Binary Merkle trees of 32-byte nodes: SHA-256 whole, or cut to 254 bits as Filecoin's trees of unsealed data
/// are. The caller brings root and number of leaves (a power of two from 2 on); a proof never says how deep it is.
/// Functions return false for a refuted proof and revert only on calldata that is none.
contract Verifier {
    /// Bits that a node of a tree cut to 254 bits never has: the two highest of byte 31.
    uint256 private constant CUT = 0xc0;

    /// The first bytes of what an epoch's commitment is the hash of.
    bytes private constant EPOCH_TAG = "assay/epoch/v1";

    /// What each sender committed for each epoch; 0 is nothing.
    mapping(address => mapping(uint64 => bytes32)) public commitments;

    /// @notice Shows that leaf is number index of the tree with the given root.
    function verifyInclusion(bool cut, bytes32 root, uint64 leaves, uint64 index, bytes32 leaf, bytes32[] calldata path)
        external view returns (bool)
    {
        return isPerfect(leaves) && path.length == depth(leaves) && walk(cut ? CUT : 0, root, leaves, index, leaf, path);
    }

    /// @notice The leaf that challenge i of a possession proof asks for, as PDPVerifier draws it.
    function challengedLeaf(bytes32 seed, uint256 set, uint64 i, uint64 leaves) public pure returns (uint64) {
        return uint64(uint256(keccak256(abi.encodePacked(seed, set, i))) % leaves);
    }

    /// @notice Shows possession of the piece with CommP root: leaf i is the one that seed challenges, and its path is
    /// part i of paths.
    function verifyPossession(
        bytes32 root, uint64 leaves, bytes32 seed, uint256 set, bytes32[] calldata leaf, bytes32[] calldata paths
    ) external view returns (bool) {
        if (!isPerfect(leaves) || leaf.length == 0) return false;
        uint256 d = depth(leaves);
        if (paths.length != leaf.length * d) return false;
        for (uint256 i = 0; i < leaf.length; i++) {
            uint64 index = challengedLeaf(seed, set, uint64(i), leaves);
            if (!walk(CUT, root, leaves, index, leaf[i], paths[i * d:(i + 1) * d])) return false;
        }
        return true;
    }

    /// @notice Shows several leaves of one tree at once. index is strictly growing; nodes are the siblings that cannot be
    /// computed, level by level from the leaves, growing within a level.
    function verifyMulti(
        bool cut, bytes32 root, uint64 leaves, uint64[] calldata index, bytes32[] calldata leaf, bytes32[] calldata nodes
    ) external view returns (bool) {
        return multi(cut ? CUT : 0, root, leaves, index, leaf, nodes);
    }

    /// @notice Records the sender's commitment to all PoSt responses of an epoch, once.
    function commitEpoch(uint64 epoch, bytes32 commitment) external {
        require(commitment != 0 && commitments[msg.sender][epoch] == 0, "committed");
        commitments[msg.sender][epoch] = commitment;
    }

    /// @notice Shows leaves of the tree whose root, with epoch and number of sectors, an account committed to.
    function verifyEpoch(
        address account, uint64 epoch, uint64 sectors, bytes32 root,
        uint64[] calldata index, bytes32[] calldata leaf, bytes32[] calldata nodes
    ) external view returns (bool) {
        if (sha256(abi.encodePacked(EPOCH_TAG, epoch, sectors, root)) != commitments[account][epoch]) return false;
        if (sectors > 1 << 40 || index.length == 0 || index[index.length - 1] >= sectors) return false;
        uint64 leaves = 2;
        while (leaves < sectors) leaves <<= 1;
        return multi(0, root, leaves, index, leaf, nodes);
    }

    function multi(
        uint256 cut, bytes32 root, uint64 leaves, uint64[] calldata index, bytes32[] calldata leaf, bytes32[] calldata nodes
    ) private view returns (bool) {
        uint256 n = index.length;
        if (!isPerfect(leaves) || n == 0 || n != leaf.length) return false;
        for (uint256 i = 0; i < n; i++) {
            if (index[i] >= leaves || (i > 0 && index[i] <= index[i - 1]) || uint256(leaf[i]) & cut != 0) return false;
        }
        uint64[] memory place = index;
        bytes32[] memory row = leaf;
        uint256 used = 0;
        // No index can pass the length of an array here.
        unchecked {
            for (; leaves > 1; leaves >>= 1) {
                uint256 m = 0;
                for (uint256 i = 0; i < n; m++) {
                    uint64 k = place[i];
                    bytes32 own = row[i++];
                    bytes32 other;
                    if (k & 1 == 0 && i < n && place[i] == k + 1) {
                        other = row[i++];
                    } else {
                        if (used == nodes.length || uint256(nodes[used]) & cut != 0) return false;
                        other = nodes[used++];
                    }
                    row[m] = k & 1 == 0 ? parent(cut, own, other) : parent(cut, other, own);
                    place[m] = k >> 1;
                }
                n = m;
            }
        }
        return used == nodes.length && row[0] == root;
    }

    /// Climbs from a leaf; the own node stands left of the other where the index is even.
    function walk(uint256 cut, bytes32 root, uint64 leaves, uint64 index, bytes32 leaf, bytes32[] calldata path)
        private view returns (bool)
    {
        if (index >= leaves) return false;
        bytes32 node = leaf;
        uint256 seen = uint256(leaf);
        assembly ("memory-safe") {
            let end := add(path.offset, shl(5, path.length))
            for { let from := path.offset } lt(from, end) { from := add(from, 32) } {
                let other := calldataload(from)
                let place := shl(5, and(index, 1))
                mstore(place, node)
                mstore(xor(place, 32), other)
                if iszero(staticcall(gas(), 2, 0, 64, 0, 32)) { revert(0, 0) }
                node := and(mload(0), not(cut))
                seen := or(seen, other)
                index := shr(1, index)
            }
        }
        return seen & cut == 0 && node == root;
    }

    /// SHA-256 of two nodes by the precompile at 2, in the scratch space of Solidity: no memory grows.
    function parent(uint256 cut, bytes32 left, bytes32 right) private view returns (bytes32 node) {
        assembly ("memory-safe") {
            mstore(0, left)
            mstore(32, right)
            if iszero(staticcall(gas(), 2, 0, 64, 0, 32)) { revert(0, 0) }
            node := and(mload(0), not(cut))
        }
    }

    function isPerfect(uint64 leaves) private pure returns (bool) {
        return leaves > 1 && leaves & (leaves - 1) == 0;
    }

    function depth(uint64 leaves) private pure returns (uint256 d) {
        for (; leaves > 1; leaves >>= 1) d++;
    }
}
