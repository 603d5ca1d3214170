package store

import (
	"context"

	"guichet/portal/tx"
)

// What the tests need of the inside: raw statements in a unit of work, and the
// engine's bounds.

const (
	QueueCap = queueCap
	BatchCap = batchCap
)

var (
	InParts    = inParts
	Values     = values
	Positional = positional
	Dupe       = isDuplicate

	NewestQuery  = newestQuery
	WorksWaiting = worksWaiting
	Apart        = apart
)

const (
	SelectWorks       = selectWorks
	SelectWorksSteps  = selectWorksSteps
	SelectWorksPapers = selectWorksPapers
	WorksOfStay       = worksOfStay
	WorksExternal     = worksExternal
)

func Exec(t tx.Tx, text string, args ...any) (int64, error) { return inside(t).exec(text, args...) }

// QueryOne reads one value.
func (s *Store) QueryOne(text string, into any, args ...any) error {
	return s.queryRow(context.Background(), text, args...).Scan(into)
}

// Queued counts units queued for SQLite's writer; Commits its transactions.
func (s *Store) Queued() int    { return len(s.writer.queue) }
func (s *Store) Commits() int64 { return s.writer.commits.Load() }

// One reads one value as text inside a unit of work.
func One(t tx.Tx, text string, args ...any) (v string, err error) {
	err = inside(t).queryRow(text, args...).Scan(&v)
	return v, err
}
