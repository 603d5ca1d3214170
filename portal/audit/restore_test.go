package audit_test

import (
	"context"
	"log/slog"
	"testing"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

// stale is the log as a sealer saw it before another one was faster.
type stale struct {
	*store.Store
	head audit.Head
}

func (s stale) TrailEdge(context.Context) (audit.Head, []audit.Tile, error) { return s.head, nil, nil }
func (s stale) SealTrail(context.Context, int, func([]audit.Recorded) ([]audit.Tile, audit.Head, error)) (int, error) {
	return 0, nil
}

// T8: a sealer that comes late takes no older head outside after a newer one,
// and an empty log no head at all; neither is a fault.
func TestT8LateSealerKeepsNothing(t *testing.T) {
	onEach(t, func(t *testing.T, tr *trail) {
		old := tr.seal()
		tr.add(3)
		newest := tr.seal()
		late := audit.NewSealer(stale{tr.store, old}, tr.heads, storetest.Keys(t).TrailSigner(), tr.clock, slog.New(slog.DiscardHandler))
		_, err := late.SealNow(t.Context())
		require.NoError(t, err)
		require.Equal(t, newest, tr.heads.Newest())
		require.True(t, tr.verify(true).OK())
	})
}

// T17: heads that the database holds are no gap, however the file lags or
// repeats itself; one that cannot be trusted is an error.
func TestT17FindGap(t *testing.T) {
	onEach(t, func(t *testing.T, tr *trail) {
		find := func(heads ...audit.Head) (gap audit.Gap) {
			require.NoError(t, tr.store.Trail(t.Context(), func(r audit.Reader) (err error) {
				gap, err = audit.FindGap(t.Context(), r, func(yield func(audit.Head, error) bool) {
					for _, h := range heads {
						if !yield(h, nil) {
							return
						}
					}
				})
				return err
			}))
			return gap
		}
		var held []audit.Head
		for range 4 {
			tr.add(3)
			held = append(held, tr.seal())
		}
		foreign := func(size int64) audit.Head { return audit.Head{Size: size, At: tr.clock()} }
		require.Zero(t, find())
		require.Zero(t, find(held...))
		require.Zero(t, find(held[1], held[3], held[3], held[2]))
		require.Zero(t, find(held[0]), "the file may lag")
		require.Equal(t, audit.Gap{From: held[1].Size, To: 900}, find(held[0], held[1], foreign(800), foreign(900), foreign(850)))
		require.Equal(t, audit.Gap{From: held[1].Size, To: held[2].Size}, find(held[1], foreign(held[2].Size)), "as large, another root")
		require.Equal(t, audit.Gap{To: 7}, find(foreign(7)), "nothing is shared")
		require.Zero(t, find(held[0], foreign(900), held[3]), "the log went on")
		require.Equal(t, audit.Gap{From: held[1].Size, To: 900}, find(held[3], held[1], foreign(900)), "in the order they were kept")
		require.Zero(t, find(held[3], foreign(held[1].Size)), "what is shared is larger")
		err := tr.store.Trail(t.Context(), func(r audit.Reader) error {
			_, err := audit.FindGap(t.Context(), r, func(yield func(audit.Head, error) bool) { yield(audit.Head{}, context.Canceled) })
			return err
		})
		require.ErrorIs(t, err, context.Canceled)

		given := audit.Restore{Gap: audit.Gap{From: held[1].Size, To: 900}, At: tr.clock(), By: "carla"}
		given.ID = portal.NewID(given.At)
		require.NoError(t, tr.store.Do(t.Context(), func(t tx.Tx) error {
			t.Record(given.Entry("command", "a disk died"))
			return tr.store.AcceptRestore(t, given)
		}))
		before := audit.Head{Size: 900, At: given.At}
		require.Zero(t, find(held[1], before), "accepted")
		require.Equal(t, given.Gap, find(held[1], foreign(900)), "kept since")
		before.Size = 901
		require.Equal(t, audit.Gap{From: held[1].Size, To: 901}, find(held[1], before), "larger than what was given up")
		require.Equal(t, audit.Gap{From: held[0].Size, To: held[1].Size}, find(held[0], audit.Head{Size: held[1].Size, At: given.At}), "smaller than that")
	})
}
