package lookup

import (
	"context"
	"sync"
	"time"
)

// lengthsLife is how old the lengths of legacy references may be that an
// attempt goes by: they change with an import only.
const lengthsLife = time.Minute

// lengths remembers how many digits legacy references have.
type lengths struct {
	mu   sync.Mutex
	list []int
	read time.Time
}

// legacyLengths gives them, read anew once a minute.
func (g *Gate) legacyLengths(ctx context.Context, now time.Time) ([]int, error) {
	l := &g.lengths
	l.mu.Lock()
	defer l.mu.Unlock()
	if age := now.Sub(l.read); !l.read.IsZero() && age >= 0 && age < lengthsLife {
		return l.list, nil
	}
	list, err := g.Legacy.LegacyLengths(ctx)
	if err != nil {
		return nil, err
	}
	l.list, l.read = list, now
	return list, nil
}
