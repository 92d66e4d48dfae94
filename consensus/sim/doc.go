// Package sim runs many epochs of Yuma consensus: scenarios that change weights and stake over time, parameter sweeps, and
// questions about them - what a validator would earn with other weights, what it should vote, what copying or a cabal yields.
//
// Everything is computed by package consensus, in the chain's arithmetic; floats appear only in summaries for people. Results
// do not depend on the number of workers.
package sim
