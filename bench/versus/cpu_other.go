//go:build !unix

package main

import "time"

// cpuTime is wall time where the system does not tell the process's CPU time this way.
func cpuTime() time.Duration { return wallTime() }
