// Package merkle builds and checks trees of 32-byte nodes, for any hash and any mix of arities.
package merkle
