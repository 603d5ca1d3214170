package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// ErrInUse is a database on which another process serves already.
var ErrInUse = errors.New("another process serves this database; without Redis only one may, since sessions and captchas would not be shared")

// soleKey is the advisory lock of serving processes on PostgreSQL.
const soleKey = 0x67756963686574 // "guichet"

// Serve claims the database for a serving process until release is called or
// the process dies. Alone (no Redis) nobody else may serve; otherwise others
// may that do not claim it alone either.
func (s *Store) Serve(ctx context.Context, dsn string, alone bool) (release func() error, err error) {
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		return serveFile(path+".serving", alone)
	}
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return nil, shut(err)
	}
	claim := `SELECT pg_try_advisory_lock_shared($1)`
	if alone {
		claim = `SELECT pg_try_advisory_lock($1)`
	}
	var got bool
	if err := conn.QueryRowContext(ctx, claim, soleKey).Scan(&got); err != nil {
		return nil, errors.Join(shut(err), conn.Close())
	}
	if !got {
		return nil, errors.Join(ErrInUse, conn.Close())
	}
	return func() error {
		// A pooled connection would keep the lock beyond its use.
		_, err := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock_all()`)
		return errors.Join(err, conn.Close())
	}, nil
}

func serveFile(path string, alone bool) (func() error, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("claiming the database: %w", err)
	}
	how := syscall.LOCK_SH
	if alone {
		how = syscall.LOCK_EX
	}
	if err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = ErrInUse
		}
		return nil, errors.Join(err, f.Close())
	}
	return f.Close, nil
}
