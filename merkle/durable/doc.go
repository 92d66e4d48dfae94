// Package durable keeps the files of long work so that a crash, a flipped bit or a full disk never gives a wrong result.
//
// A Job is a folder with one identity, the complete statement of what is being made. Files are made whole (Job.Create) or
// grow in place by segments (Job.Grow). A step counts only when its bytes are on the disk, their digests are, and
// then a record in the journal says so; in this order, each made durable before the next. After a crash Open cuts the
// journal back to its valid prefix, a chain of BLAKE3 digests that starts at the job's identity, and Check compares
// what a file holds with what was recorded, block by block of 1 MiB, before it is used again. What is damaged is reported
// and made again. If it then comes out otherwise than recorded, all that was built on it is void and made again too.
//
// Blocks are digested as they are written, by the goroutine that writes the last of each, and the kernel is asked early to
// begin writing, so that little is left to wait for. Job.Reserve and Grow take the room of files before the work.
//
// Nothing here can see a value that was computed wrongly and then recorded (bad memory): that is for the work itself, which
// recomputes samples before it records them. After a failed sync the bytes are written again, never only synced again, since
// the kernel may have dropped them. No file is mapped into memory, so a full disk or a bad block is an error and
// no signal. On Windows the names of new files are not made durable (there is no call for it), their bytes are.
//
// Source: the protocol follows the design that the package's tests put through simulated power losses, kills, full
// disks and bad operations; package durabletest holds the simulators for the tests of others.
package durable
