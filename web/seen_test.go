package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/registry"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
)

// strongroom is a real store behind the pages about a file: two households, of
// which the first is the one that knownReference opens.
type strongroom struct {
	*store.Store
	ring  *keys.Ring
	dsn   string
	known []storetest.Known
}

func newStrongroom(t *testing.T, h *house, dsn string) strongroom {
	a := strongroom{Store: storetest.Reopen(t, dsn, h.clock), ring: storetest.Keys(t), dsn: dsn}
	a.known = storetest.References(t, dsn, 2)
	h.stay = a.known[0].OccupancyID
	return a
}

func (a strongroom) seal(t *testing.T, h *house) {
	t.Helper()
	heads, err := audit.OpenHeads("file:" + filepath.Join(t.TempDir(), "heads"))
	require.NoError(t, err)
	defer heads.Close()
	_, err = audit.NewSealer(a.Store, heads, storetest.Keys(t).TrailSigner(), h.clock, slog.New(slog.DiscardHandler)).SealNow(context.Background())
	require.NoError(t, err)
}

func (a strongroom) record(t *testing.T, e ...audit.Entry) {
	t.Helper()
	require.NoError(t, a.Do(context.Background(), func(u tx.Tx) error {
		for _, one := range e {
			u.Record(one)
		}
		return nil
	}))
}

// inStrongrooms is a visitor inside, with the trail in a real store: one of each database.
func inStrongrooms(t *testing.T, test func(*testing.T, *house, strongroom, *browser)) {
	for _, backend := range storetest.Backends(t) {
		t.Run(backend.Name, func(t *testing.T) {
			h := newHouse(t)
			a := newStrongroom(t, h, backend.DSN(t))
			b := open(t, h, func(d *PublicDeps) {
				d.Runner, d.Papers, d.Mandates = a.Store, paperDeps(a, h), &mandates.Service{Clock: h.clock, Runner: a.Store, Store: a.Store}
			})
			require.Equal(t, http.StatusSeeOther, b.try(knownReference, knownDigits).StatusCode)
			test(t, h, a, b)
		})
	}
}

func paperDeps(a strongroom, h *house) PaperDeps {
	return PaperDeps{Looks: a.Store, Postings: a.Store, Dossiers: a.Store,
		Rectifications: &registry.Rectifications{Ring: a.ring, Clock: h.clock, Runner: a.Store, Store: a.Store},
		Posts:          &registry.Posts{Clock: h.clock, Runner: a.Store, Store: a.Store}}
}

// L18, L19: each look is told with when, role and ground; only those at the
// opened file; a colleague never by name; the page itself is an entry, too;
// each receipt can be checked with the public key alone.
func TestL18WhoLooked(t *testing.T) {
	t.Parallel()
	inStrongrooms(t, func(t *testing.T, h *house, a strongroom, b *browser) {
		agent := portal.Actor{Kind: portal.Staff, ID: "m.dupont"}
		storetest.Exec(t, a.dsn, `INSERT INTO staff (login, name, role, password, otp_seed, otp_step, failures, failed_us, added_us, ended_us)
  VALUES ('m.dupont', 'Marie Dupont', 'agent', '', '', 0, 0, 0, 1, 0)`)
		require.Equal(t, http.StatusOK, b.get("/fr/consumption").StatusCode)
		h.pass(60)
		a.record(t,
			audit.Entry{At: h.clock(), Actor: agent, Action: audit.DeskOpened, Ground: "interaction:INT-2041", Channel: "desk", Subject: "reference:" + a.known[0].Key},
			audit.Entry{At: h.clock(), ID: "theirs", Action: audit.HistoryTaken, Ground: "reference", Subject: "occupancy:" + a.known[1].OccupancyID},
			audit.Entry{At: h.clock(), Actor: agent, Action: audit.DeskOpened, Ground: "reason", Subject: "reference:" + a.known[1].Key})
		h.pass(60)
		page := b.get("/fr/seen")
		require.Equal(t, http.StatusOK, page.StatusCode)
		require.Equal(t, "no-store", page.Header.Get("Cache-Control"))
		looks := page.doc.Find(".looks li")
		require.Equal(t, 2, looks.Length(), "nothing about the other household")
		first := plainSpaces(looks.Eq(0).Text())
		require.Contains(t, first, "Dossier consulté par un agent")
		require.Contains(t, first, "Un agent du centre d’appels")
		require.Contains(t, first, "Un appel au centre d’appels")
		require.Contains(t, first, "dans quelques secondes", "no place, no receipt")
		require.Contains(t, plainSpaces(looks.Eq(1).Text()), "Consommation affichée")
		require.NotContains(t, strings.ToLower(page.body), "dupont")

		h.pass(1)
		a.seal(t, h)
		page = b.get("/fr/seen")
		looks = page.doc.Find(".looks li")
		require.Equal(t, 3, looks.Length())
		require.Contains(t, looks.Eq(0).Text(), "Cette page affichée", "the page is a disclosure, too")
		verifier, err := note.NewVerifier(storetest.Keys(t).TrailVerifierKey())
		require.NoError(t, err)
		for i, says := range []audit.Action{audit.SeenShown, "", audit.HistoryShown} {
			href, there := looks.Eq(i).Find("a").Attr("href")
			require.True(t, there)
			got := b.get(href)
			require.Equal(t, http.StatusOK, got.StatusCode)
			require.Contains(t, got.Header.Get("Content-Disposition"), "attachment")
			require.Contains(t, got.body, "# Confidentiel", "L20")
			require.NotContains(t, got.body, "dupont")
			r, err := audit.ParseReceipt([]byte(got.body))
			require.NoError(t, err)
			_, e, err := r.Check(verifier)
			require.NoError(t, err)
			if says == "" {
				require.Nil(t, e, "a colleague's entry by its hash alone")
				continue
			}
			require.Equal(t, says, e.Action)
			require.Equal(t, "occupancy:"+h.stay, e.Subject)
		}
		require.EqualValues(t, 3, storetest.Number(t, a.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'seen.taken'`))
		for _, id := range []string{"theirs", "nothing", ""} {
			require.Equal(t, http.StatusNotFound, b.get("/fr/seen/receipt?of=1&entry="+id).StatusCode, "T24: somebody else's entry %q", id)
		}
		require.Equal(t, http.StatusSeeOther, b.another().get("/fr/seen").StatusCode)
	})
}

// A long trail comes page by page, whole, each entry once.
func TestWhoLookedIsPaged(t *testing.T) {
	t.Parallel()
	inStrongrooms(t, func(t *testing.T, h *house, a strongroom, b *browser) {
		var many []audit.Entry
		for i := range 60 {
			many = append(many, audit.Entry{ID: fmt.Sprintf("e%02d", i), At: h.clock(), Actor: portal.Actor{Kind: portal.Household},
				Action: audit.HistoryShown, Ground: "reference", Subject: "occupancy:" + h.stay})
		}
		a.record(t, many...)
		a.seal(t, h)
		h.pass(1)
		told := map[string]bool{}
		pages := 0
		for next := "/fr/seen"; next != ""; pages++ {
			page := b.get(next)
			require.Equal(t, http.StatusOK, page.StatusCode, next)
			for _, link := range page.doc.Find(".looks a").EachIter() {
				href := link.AttrOr("href", "")
				require.False(t, told[href])
				told[href] = true
			}
			next = page.doc.Find(".paging a[rel=next]").AttrOr("href", "")
		}
		require.Len(t, told, 60)
		require.Equal(t, 3, pages)
		for _, odd := range []string{"x", "-1.a", "1" + strings.Repeat("0", 40), "."} {
			require.Equal(t, http.StatusNotFound, b.get("/fr/seen?before="+odd).StatusCode, odd)
		}
	})
}
