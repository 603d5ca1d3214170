package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"guichet/lookup"
	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"
	"guichet/web/ui/layout"
	"guichet/web/ui/page/public"
)

// looksAPage is how many entries one page of "who looked" shows.
const looksAPage = 25

// seen tells who looked at the opened reference's data. Telling it is a
// disclosure and is recorded before it is answered (L18).
func (s *site) seen(x *ctx) error {
	pass, index, err := x.holding()
	if err != nil {
		return err
	}
	before, err := place(x.query("before"))
	if err != nil {
		return err
	}
	subjects, err := s.subjects(x, pass)
	if err != nil {
		return err
	}
	entries, err := audit.About(x.context(), s.Papers.Looks, subjects, looksAPage+1, before.At, before.ID)
	if err != nil {
		return err
	}
	roles, err := s.Papers.Looks.StaffRoles(x.context(), logins(entries))
	if err != nil {
		return err
	}
	list, err := s.Mandates.Here(x.context(), pass.Occupancy.ID)
	if err != nil {
		return err
	}
	if err := s.record(x, pass, audit.SeenShown, map[string]string{"entries": strconv.Itoa(min(len(entries), looksAPage))}); err != nil {
		return err
	}
	return x.show(http.StatusOK, public.SeenPage(seenView(x, index, entries, lookers{roles, list})))
}

// receipt gives the proof of one entry to take away.
func (s *site) receipt(x *ctx) error {
	pass, _, err := x.holding()
	if err != nil {
		return err
	}
	subjects, err := s.subjects(x, pass)
	if err != nil {
		return err
	}
	id := x.query("entry")
	r, err := audit.ReceiptOf(x.context(), s.Papers.Looks, subjects, id)
	if err != nil {
		return err
	}
	if err := s.record(x, pass, audit.ReceiptTaken, map[string]string{"entry": r.ID}); err != nil {
		return err
	}
	x.header("Content-Disposition", `attachment; filename="guichet-receipt-`+r.ID+`.txt"`)
	x.send(http.StatusOK, "text/plain; charset=utf-8",
		r.Format(x.T("confidential.mark"), x.T("seen.receipt.what"), x.T("seen.receipt.how", "guichet audit check")))
	return nil
}

// record writes down, before it is answered, what somebody behind an opened
// reference is told or does.
func (s *site) record(x *ctx, pass lookup.Pass, action audit.Action, details map[string]string) error {
	return s.Runner.Do(x.context(), func(t tx.Tx) error {
		t.Record(ownEntry(x, pass, action, details))
		return nil
	})
}

func ownEntry(x *ctx, pass lookup.Pass, action audit.Action, details map[string]string) audit.Entry {
	all := map[string]string{"visit": pass.Visit.ID}
	for name, value := range details {
		all[name] = value
	}
	return audit.Entry{At: x.now, Actor: portal.Actor{Kind: portal.Household}, Action: action,
		Ground: pass.Why(), Channel: "web", Subject: stay(pass), Details: all}
}

func ofQuery(index int) string { return "?of=" + strconv.Itoa(index) }

func logins(entries []audit.Recorded) []string {
	var list []string
	told := map[string]bool{}
	for _, e := range entries {
		if e.Actor.Kind == portal.Staff && !told[e.Actor.ID] {
			told[e.Actor.ID] = true
			list = append(list, e.Actor.ID)
		}
	}
	return list
}

// lookers are who they can be: staff by their roles, third parties by their mandates.
type lookers struct {
	roles    map[string]string
	mandates []mandates.Summary
}

func seenView(x *ctx, index int, entries []audit.Recorded, who lookers) public.Seen {
	of := ofQuery(index)
	v := public.Seen{
		Base: x.base(x.T("seen.title")),
		Bar:  barView(x, index, of),
		Back: layout.Link{Text: x.T("seen.back"), Href: x.path("/consumption" + of)},
	}
	for i, e := range entries {
		if i == looksAPage {
			last := entries[i-1]
			v.Earlier = layout.Link{Text: x.T("seen.earlier"), Href: x.path("/seen" + of + "&before=" +
				url.QueryEscape(strconv.FormatInt(portal.Micros(last.At), 10)+"."+last.ID))}
			break
		}
		v.Looks = append(v.Looks, lookView(x, of, e, who))
	}
	if strings.Contains(x.at, "before=") {
		v.Newest = layout.Link{Text: x.T("seen.newest"), Href: x.path("/seen" + of)}
	}
	return v
}

func lookView(x *ctx, of string, e audit.Recorded, who lookers) public.Look {
	what := x.saidOr("seen.action."+string(e.Action), "seen.action.other")
	l := public.Look{
		When: x.Date(e.At) + ", " + x.Time(e.At), Stamp: e.At.UTC().Format(time.RFC3339),
		What: what, Who: lookedBy(x, e, who.roles), Ground: groundWords(x, e, who.mandates),
	}
	if d := audit.ParseDetails(e.Text); d["from"] != "" && d["to"] != "" {
		from, errFrom := portal.ParseDate(d["from"])
		to, errTo := portal.ParseDate(d["to"])
		if errFrom == nil && errTo == nil {
			l.Extent = x.T("seen.extent", x.Date(from), x.Date(to.Add(-time.Second)))
		}
	}
	if e.Idx == audit.Unsealed {
		l.Soon = x.T("seen.receipt.soon")
		return l
	}
	l.Receipt = layout.Link{Text: x.T("seen.receipt"), Href: x.path("/seen/receipt" + of + "&entry=" + url.QueryEscape(e.ID))}
	l.ReceiptName = x.T("seen.receipt.of", what, l.When)
	return l
}

// saidOr gives a text, or another where the first is not there: an entry that
// a newer room writes is told all the same.
func (x *ctx) saidOr(key, otherwise string) string {
	if x.Has(key) {
		return x.T(key)
	}
	return x.T(otherwise)
}

// lookedBy is in which role, never a name and never a login.
func lookedBy(x *ctx, e audit.Recorded, roles map[string]string) string {
	if strings.HasPrefix(e.Ground, mandates.RegistrationGround("")) {
		return x.T("seen.by.supplier")
	}
	if e.Actor.Kind == portal.Staff {
		return x.saidOr("seen.role."+roles[e.Actor.ID], "seen.by.staff")
	}
	return x.saidOr("seen.by."+string(e.Actor.Kind), "seen.by.system")
}

// groundWords tells a ground; a mandate with its number and who holds it, a
// registration with whose it is.
func groundWords(x *ctx, e audit.Recorded, list []mandates.Summary) string {
	id, ok := strings.CutPrefix(e.Ground, mandates.Subject(""))
	if e.Action == audit.MandateRead {
		id, ok = audit.ParseDetails(e.Text)["mandate"], true
	}
	if ok {
		words := x.T("seen.ground.mandate", id)
		for _, m := range list {
			if m.ID == id {
				words += " – " + m.PartnerName
			}
		}
		return words
	}
	if strings.HasPrefix(e.Ground, mandates.RegistrationGround("")) {
		return x.T("seen.ground.registration", audit.ParseDetails(e.Text)["supplier"])
	}
	return x.T(lookGround(x, e.Ground))
}

// lookGround is the key of a ground's words; case numbers and telephone calls
// have one text for all.
func lookGround(x *ctx, ground string) string {
	switch {
	case strings.HasPrefix(ground, "interaction:"), strings.HasPrefix(ground, "B-"):
		return "seen.ground.call"
	case x.Has("seen.ground." + ground):
		return "seen.ground." + ground
	}
	return "seen.ground.other"
}
