//go:build !linux

package fr8

// guarded returns n zero values; only Linux guards them.
func guarded[T any](n int) []T { return make([]T, n) }
