package registry_test

import (
	"context"
	"testing"

	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/registry"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

// crowded is a register in which the first numbers that are drawn are all taken.
type crowded struct {
	*street
	refuse  int
	refused []string
}

func (c *crowded) TakenReferences(t tx.Tx, keys []string) (map[string]bool, error) {
	taken, err := c.Store.TakenReferences(t, keys)
	if err == nil && c.refuse > 0 {
		c.refuse--
		c.refused, taken[keys[0]] = append(c.refused, keys...), true
	}
	return taken, err
}

// G1: of two million drawn numbers some are alike: one that somebody has or had
// is drawn anew, and where none is found nothing is issued.
func TestG1ANumberIsNobodysTwice(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			s, ctx := newStreet(t, b), context.Background()
			s.load(line(power, "electricity", "1SAG1100076616", "2020-01-01", "Anna", "2020-01-01", ""),
				line(gas, "gas", "7FLO2119031964", "2020-01-01", "Anna", "2020-01-01", ""))
			c := &crowded{street: s, refuse: 1000}
			issuer := registry.NewIssuer(storetest.Keys(t), s.clock, s.Store, c)
			sum, err := issuer.Issue(ctx, registry.IssueOptions{})
			require.Equal(t, portal.Unavailable, portal.CodeOf(err))
			require.Zero(t, sum.References)
			waiting, err := s.WaitingLetters(ctx, "", 10)
			require.NoError(t, err)
			require.Empty(t, waiting, "a letter without its reference")

			c.refuse, c.refused = 3, nil
			var issued []string
			sum, err = issuer.Issue(ctx, registry.IssueOptions{Reveal: func(i registry.Issued) {
				issued = append(issued, storetest.Keys(t).CounterKey("reference", i.Reference))
			}})
			require.NoError(t, err)
			require.Equal(t, registry.IssueSummary{References: 2, Letters: 1}, sum)
			require.Len(t, c.refused, 6)
			for _, key := range issued {
				require.NotContains(t, c.refused, key)
			}
			require.NoError(t, s.Do(ctx, func(u tx.Tx) error {
				taken, err := s.Store.TakenReferences(u, append([]string{"nobody's"}, issued...))
				require.Equal(t, map[string]bool{issued[0]: true, issued[1]: true}, taken)
				return err
			}))
		})
	}
}

// G1, D7, T6: a number is taken by whoever has or had it on any ground, and by
// whoever tried it at the gate: nobody's letter brings one that is blocked.
func TestG1WhatIsTaken(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			s, ctx := newStreet(t, b), context.Background()
			known := storetest.References(t, s.dsn, 2)
			heir := storetest.OnGround(t, s.dsn, known[0], s.now.AddDate(0, 1, 0))
			ended := storetest.OnGround(t, s.dsn, known[1], s.now)
			storetest.Exec(t, s.dsn, `UPDATE issued_references SET ended_us = 1 WHERE key = $1`, known[1].Key)
			storetest.Exec(t, s.dsn, `UPDATE ground_references SET ended_us = 1 WHERE key = $1`, ended.Key)
			tried := storetest.Keys(t).CounterKey("reference", keys.Secret("12345678901234"))
			storetest.Exec(t, s.dsn, `INSERT INTO lookup_counters (key, kind, failures, blocked_us, case_id, changed_us) VALUES ($1, 'reference', '', 1, 'B-1', 1)`, tried)
			all := []string{known[0].Key, known[1].Key, heir.Key, ended.Key, tried}
			require.NoError(t, s.Do(ctx, func(u tx.Tx) error {
				taken, err := s.Store.TakenReferences(u, append([]string{"nobody's"}, all...))
				require.Len(t, taken, len(all))
				for _, key := range all {
					require.True(t, taken[key], key)
				}
				return err
			}))
		})
	}
}
