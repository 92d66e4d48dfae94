// Package queue carries idempotent tasks from those who submit them to workers in any process, and results back to a judge.
//
// The one idea: a task is a pure function of its bytes and is named by their hash, so it may be delivered, done and answered
// more than once and still takes effect exactly once. Submit of the same task is one task. Claim gives it to a worker
// under a lease that heartbeats (Extend) keep; a worker that dies lets the lease lapse and the task goes to another. Done
// proposes a result; nothing a worker sends counts before the judge has verified it and set it by compare-and-set, so that
// a late duplicate changes nothing and wrong bytes have an author. Tasks whose deadline passes, or that no worker ends in
// Options.Deliveries attempts, become dead letters.
//
// Memory is the queue within one process. NATS is the same on JetStream, with the same tests: a work-queue stream of tasks whose
// subject is the capability they need, a stream of proposals, a key-value bucket of tasks, results and dead letters.
// Gateway and Dial carry any queue over HTTP. Blobs are not for the queue: package blob moves them.
//
// Limits: payloads and results are at most 512 KiB. A worker is trusted with the life of tasks (it may fail or hold them), not
// with results. Delivery is at least once; clocks of workers and judge must agree to within the deadlines' slack.
package queue
