package store

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"sync/atomic"

	"guichet/portal"
	"guichet/portal/tx"
)

// joiner is SQLite's one writer. It joins the units of work that are waiting
// into one durable commit, a savepoint each: one fdatasync serves them all.
// A unit that fails is rolled back to its savepoint; if SQLite leaves the
// transaction or the commit fails, every member fails; everyone is answered
// after the commit.
type joiner struct {
	store    *Store
	conn     *sql.Conn
	stmts    map[string]*sql.Stmt
	queue    chan *waiting
	stop     chan struct{}
	finished chan struct{}
	commits  atomic.Int64 // tells how well units join
	written  int          // units since the checkpoint was asked for
	fold     chan struct{}
	folded   chan struct{}
}

const (
	// batchCap bounds a joined commit: beyond it nobody gains and all wait.
	batchCap = 256
	// queueCap bounds who may wait; beyond it a unit is refused at once.
	queueCap = 4096
	// stmtCap bounds the statements kept prepared; multi-row texts vary.
	stmtCap = 512
	// foldEvery is after how many units the log is folded into the file.
	foldEvery = 256
)

type waiting struct {
	fn     func(tx.Tx) error
	result error
	done   chan struct{}
	// taken is set once: by the writer, which then runs fn to its end, or by
	// the caller, who then has given up.
	taken atomic.Bool
}

func newJoiner(ctx context.Context, s *Store) (*joiner, error) {
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return nil, err
	}
	j := &joiner{store: s, conn: conn, stmts: map[string]*sql.Stmt{},
		queue: make(chan *waiting, queueCap), stop: make(chan struct{}), finished: make(chan struct{}),
		fold: make(chan struct{}, 1), folded: make(chan struct{})}
	go j.loop()
	go j.folding()
	return j, nil
}

func (j *joiner) do(ctx context.Context, fn func(tx.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return shut(err)
	}
	select {
	case <-j.stop:
		return shut(errClosing)
	default:
	}
	w := &waiting{fn: fn, done: make(chan struct{})}
	select {
	case j.queue <- w:
	default:
		return shut(errors.New("too many units of work are waiting"))
	}
	select {
	case <-w.done:
	case <-ctx.Done():
		if w.taken.CompareAndSwap(false, true) {
			return shut(ctx.Err())
		}
		<-w.done // begun: it runs to its end (G4)
	case <-j.finished:
		if w.taken.CompareAndSwap(false, true) {
			return shut(errClosing)
		}
		<-w.done
	}
	return w.result
}

var errClosing = errors.New("closing")

func (j *joiner) close() error {
	close(j.stop)
	<-j.finished
	<-j.folded
	var errs []error
	for _, stmt := range j.stmts {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, j.conn.Close())...)
}

func (j *joiner) loop() {
	defer close(j.finished)
	batch := make([]*waiting, 0, batchCap)
	for {
		batch = batch[:0]
		select {
		case w := <-j.queue:
			batch = append(batch, w)
		case <-j.stop:
			// Serve those who came before the stop, then end.
			select {
			case w := <-j.queue:
				batch = append(batch, w)
			default:
				return
			}
		}
		// Callers answered by the last commit are about to ask again: letting
		// them run first fills the batch (x1.5 at 8 callers).
		for range 3 {
			runtime.Gosched()
		}
	fill:
		for len(batch) < batchCap {
			select {
			case w := <-j.queue:
				batch = append(batch, w)
			default:
				break fill
			}
		}
		j.commit(batch)
		if j.written += len(batch); j.written >= foldEvery {
			j.written = 0
			select {
			case j.fold <- struct{}{}:
			default: // the last one is still at it
			}
		}
	}
}

// folding carries the write-ahead log into the file beside the writer, so that
// nobody waits for it. What it cannot carry over (a reader is behind, it failed)
// the writer's own wal_autocheckpoint does.
func (j *joiner) folding() {
	defer close(j.folded)
	for {
		select {
		case <-j.fold:
			_, _ = j.store.read.ExecContext(context.Background(), `PRAGMA wal_checkpoint(PASSIVE)`)
		case <-j.finished:
			return
		}
	}
}

// commit runs a batch in one transaction and answers each member.
func (j *joiner) commit(batch []*waiting) {
	live := batch[:0:0]
	for _, w := range batch {
		if w.taken.CompareAndSwap(false, true) {
			live = append(live, w)
		}
	}
	if len(live) == 0 {
		return
	}
	ended := false
	defer func() {
		for _, w := range live {
			if !ended { // a function ended this goroutine
				w.result = errUnfinished
			}
			close(w.done)
		}
	}()
	j.transactAll(live)
	ended = true
}

func (j *joiner) transactAll(live []*waiting) {
	err := j.transact(live)
	if err != nil && len(live) > 1 && isRefusal(err) {
		// Something that one member recorded was refused, and nothing tells
		// whose it was: each alone then (functions given to Do may run again).
		for _, w := range live {
			if err := j.transact([]*waiting{w}); err != nil {
				w.result = shut(err)
			}
		}
		return
	}
	if err != nil {
		for _, w := range live {
			// Also those that had failed by themselves: what they were told
			// was read in a transaction that never was.
			w.result = shut(err)
		}
	}
}

// transact returns an error where all members fail together. The statements
// run without a deadline: one that ends in mid-batch would roll it all back.
func (j *joiner) transact(live []*waiting) (err error) {
	ctx := context.Background()
	if _, err := j.ExecContext(ctx, `BEGIN IMMEDIATE`); err != nil {
		return err
	}
	committed := false
	defer func() {
		if !committed {
			// Where SQLite left the transaction by itself this fails, and may:
			// there is nothing left to roll back.
			_, _ = j.ExecContext(ctx, `ROLLBACK`)
		}
	}()
	joined := &unit{store: j.store, ctx: ctx, run: j}
	if len(live) == 1 { // needs no savepoint: its failure is the transaction's
		live[0].result = joined.work(live[0].fn)
		if live[0].result != nil {
			return nil
		}
		live = nil
	}
	for _, w := range live {
		u := &unit{store: j.store, ctx: ctx, run: j}
		if _, err := j.ExecContext(ctx, `SAVEPOINT member`); err != nil {
			return err
		}
		w.result = u.work(w.fn)
		if w.result != nil {
			if _, err := j.ExecContext(ctx, `ROLLBACK TO member`); err != nil {
				return errors.Join(err, w.result)
			}
		} else {
			joined.entries = append(joined.entries, u.entries...)
			joined.letters = append(joined.letters, u.letters...)
		}
		if _, err := j.ExecContext(ctx, `RELEASE member`); err != nil {
			return err
		}
	}
	if err := joined.flush(); err != nil {
		return err
	}
	if _, err = j.ExecContext(ctx, `COMMIT`); err == nil {
		committed = true
		j.commits.Add(1)
	}
	return err
}

var errUnfinished = portal.Shut("store", errors.New("a unit of work did not return"))

// ExecContext implements runner with prepared statements.
func (j *joiner) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	stmt, err := j.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

// QueryContext implements runner with prepared statements.
func (j *joiner) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	stmt, err := j.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

func (j *joiner) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt := j.stmts[text]; stmt != nil {
		return stmt, nil
	}
	if len(j.stmts) >= stmtCap {
		for old, stmt := range j.stmts {
			delete(j.stmts, old)
			if err := stmt.Close(); err != nil {
				return nil, err
			}
		}
	}
	stmt, err := j.conn.PrepareContext(ctx, positional(text))
	if err != nil {
		return nil, err
	}
	j.stmts[text] = stmt
	return stmt, nil
}
