package audit_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

// L18: a receipt holds for whoever has it and the public key; one changed byte
// anywhere, and it holds no more.
func TestL18ReceiptHoldsAndEveryChangeIsFound(t *testing.T) {
	onEach(t, func(t *testing.T, tr *trail) {
		ctx := context.Background()
		require.NoError(t, tr.store.Do(ctx, func(u tx.Tx) error {
			u.Record(audit.Entry{ID: "own", Actor: portal.Actor{Kind: portal.Household}, Action: audit.HistoryShown, Ground: "reference",
				Channel: "web", Subject: "occupancy:o1", Details: map[string]string{"from": "2025-01-01"}})
			u.Record(audit.Entry{ID: "staff", Actor: portal.Actor{Kind: portal.Staff, ID: "m.dupont"}, Action: audit.DeskOpened,
				Ground: "reason", Channel: "desk", Subject: "reference:k1", Details: map[string]string{"reason": "asked by the customer"}})
			u.Record(audit.Entry{ID: "other", Action: audit.HistoryShown, Subject: "occupancy:o2"})
			return nil
		}))
		mine := []string{"occupancy:o1", "reference:k1"}
		_, err := audit.ReceiptOf(ctx, tr.store, mine, "own")
		require.Equal(t, portal.NotFound, portal.CodeOf(err), "no place yet")
		tr.add(300)
		tr.seal()
		for _, id := range []string{"other", "nothing", ""} {
			_, err := audit.ReceiptOf(ctx, tr.store, mine, id)
			require.Equal(t, portal.NotFound, portal.CodeOf(err), "%q is nobody's here", id)
		}

		own, err := audit.ReceiptOf(ctx, tr.store, mine, "own")
		require.NoError(t, err)
		text := own.Format("CONFIDENTIAL", "a remark\nof two lines")
		read, err := audit.ParseReceipt(bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")))
		require.NoError(t, err)
		head, e, err := read.Check(verifier(t))
		require.NoError(t, err)
		require.EqualValues(t, own.Idx, e.Idx)
		require.Greater(t, head.Size, own.Idx)
		require.Equal(t, audit.HistoryShown, e.Action)
		require.Equal(t, "occupancy:o1", e.Subject)
		require.Equal(t, "from=2025-01-01", e.Text)

		begins := bytes.Index(text, []byte("guichet-receipt"))
		for i := begins; i < len(text); i++ {
			changed := bytes.Clone(text)
			changed[i] ^= 4
			r, err := audit.ParseReceipt(changed)
			if err != nil {
				continue
			}
			_, _, err = r.Check(verifier(t))
			require.Error(t, err, "byte %d of %q", i, text)
		}
	})
}

// An entry of a colleague proves its place and shows neither name nor words.
func TestReceiptNamesNoColleague(t *testing.T) {
	onEach(t, func(t *testing.T, tr *trail) {
		ctx := context.Background()
		require.NoError(t, tr.store.Do(ctx, func(u tx.Tx) error {
			u.Record(audit.Entry{ID: "staff", Actor: portal.Actor{Kind: portal.Staff, ID: "m.dupont"}, Action: audit.DeskOpened,
				Ground: "reason", Channel: "desk", Subject: "reference:k1", Details: map[string]string{"reason": "asked"}})
			return nil
		}))
		tr.seal()
		r, err := audit.ReceiptOf(ctx, tr.store, []string{"reference:k1"}, "staff")
		require.NoError(t, err)
		text := string(r.Format())
		require.NotContains(t, text, "leaf")
		require.NotContains(t, fmt.Sprintf("%+v", r), "dupont")
		read, err := audit.ParseReceipt([]byte(text))
		require.NoError(t, err)
		_, e, err := read.Check(verifier(t))
		require.NoError(t, err)
		require.Nil(t, e)
		_, _, err = func() (audit.Head, *audit.Recorded, error) {
			forged := strings.Replace(text, "place ", "place 1", 1)
			r, err := audit.ParseReceipt([]byte(forged))
			require.NoError(t, err)
			return r.Check(verifier(t))
		}()
		require.Error(t, err)
	})
}

// What is about several subjects comes as one list, newest first, page by page.
func TestAboutSeveralSubjects(t *testing.T) {
	onEach(t, func(t *testing.T, tr *trail) {
		tr.add(100) // ten about each of reference:0 to reference:9
		var last audit.Recorded
		var seen []audit.Recorded
		for {
			page, err := audit.About(context.Background(), tr.store, []string{"reference:3", "reference:7", "reference:none"}, 6, last.At, last.ID)
			require.NoError(t, err)
			seen = append(seen, page...)
			if len(page) < 6 {
				break
			}
			last = page[len(page)-1]
		}
		require.Len(t, seen, 20)
		for i, e := range seen {
			require.Contains(t, []string{"reference:3", "reference:7"}, e.Subject)
			require.True(t, i == 0 || !e.At.After(seen[i-1].At))
		}
	})
}

func FuzzParseReceipt(f *testing.F) {
	f.Add([]byte("guichet-receipt 1\nentry a\nplace 1\nhash x\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, err := audit.ParseReceipt(text); err == nil {
			_, _, _ = r.Check(verifier(t))
		}
	})
}
