// Package tx is one unit of work across rooms: what a function changes, the
// trail entries it records and the letters it sends become durable together
// or not at all. Runner.Do is the only way to write.
package tx

import (
	"context"

	"guichet/portal/audit"
	"guichet/portal/outbox"
)

// Tx is a unit of work in progress. Only portal/store looks inside.
type Tx interface {
	// Record adds an entry to the trail in this same transaction. Every change
	// of state and every disclosure has one (L18, L19).
	Record(audit.Entry)
	// Send queues a letter or a mail in this same transaction.
	Send(outbox.Letter)
}

// Runner runs units of work.
type Runner interface {
	// Do runs fn in a transaction and returns after the commit is durable; on
	// any error nothing of it happened. fn may run more than once (joined
	// commits, serialisation failures): it must touch nothing outside the Tx
	// and assign, not append, what it hands out. ctx counts only while the
	// work is queued: once begun it runs to its end (G4). The store's own
	// failures come back as portal.Unavailable; fn's error comes back as it is.
	Do(ctx context.Context, fn func(Tx) error) error
}
