package mandates_test

import (
	"testing"
	"time"

	"guichet/mandates"
	"guichet/portal"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Every pair of status and event: what the package comment draws happens, and
// nothing else.
func TestTheLifeOfAText(t *testing.T) {
	drawn := map[mandates.Status]map[mandates.Event]mandates.Status{
		mandates.Drafted: {mandates.EventEdit: mandates.Drafted, mandates.EventGiveIn: mandates.GivenIn, mandates.EventWithdraw: mandates.Withdrawn},
		mandates.GivenIn: {mandates.EventReturn: mandates.Returned, mandates.EventDecide: mandates.Decided, mandates.EventWithdraw: mandates.Withdrawn},
		mandates.Returned: {mandates.EventEdit: mandates.Drafted, mandates.EventGiveIn: mandates.GivenIn,
			mandates.EventWithdraw: mandates.Withdrawn},
	}
	for _, s := range mandates.Statuses {
		for _, e := range mandates.Events {
			got, err := s.Next(e)
			if want, ok := drawn[s][e]; ok {
				require.NoError(t, err)
				require.Equal(t, want, got)
				continue
			}
			require.Equal(t, portal.Conflict, portal.CodeOf(err), "%s %s", s, e)
			require.Equal(t, s, got)
		}
	}
}

// D8, Ld4, Ld5: whatever happens to a line, it is in force only between its
// beginning and its first end, what is over never comes back, and a refused or
// ended line stays so.
func TestALineNeverComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := portal.Date(2026, 3, 2).Add(9 * time.Hour)
		until := now.AddDate(0, 2, 0)
		l := mandates.Line{EAN: theEAN, Outcome: mandates.Proposed}
		over, begun := false, time.Time{}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 240).Draw(t, "hours")) * time.Hour)
			switch rapid.SampledFrom([]string{"grant", "proven", "refuse", "told", "confirm", "revoke", "move"}).Draw(t, "act") {
			case "grant":
				_ = l.Grant("mine", "letter", false, now)
			case "proven":
				if l.Grant("mine", "letter", true, now) == nil {
					begun = now
				}
			case "refuse":
				_ = l.Refuse("signature")
			case "told":
				if l.LetterID != "" && l.ToldAt.IsZero() {
					l.ToldAt = now
				}
			case "confirm":
				if l.Confirm(now, until) == nil && begun.IsZero() {
					begun = now
				}
			case "revoke":
				l.Stop(mandates.ByRevocation, now, until)
			case "move":
				l.Stop(mandates.ByMove, now, until)
			}
			status := l.StatusAt(now, until)
			if begun.IsZero() && status == mandates.LineInForce {
				require.False(t, l.ToldAt.IsZero())
				require.False(t, now.Before(tenWorkingDaysAfter(l.ToldAt)), "ten working days, and not one less")
				begun = now
			}
			require.False(t, over && status == mandates.LineInForce, "what is over came back")
			over = over || status == mandates.LineEnded || status == mandates.LineRefused || status == mandates.LineExpired
		}
	})
}

func draft() mandates.Draft {
	return mandates.Draft{
		Name: "Marie  Dupont", Capacity: "occupant", Street: "Rue Haute 1", Postcode: "4700", Town: "Eupen", Language: "de",
		Points: "541449000000000010; Haus\r\n", Kinds: []string{"daily", "totals"}, DataFrom: "2025-01-01",
		Purpose: "Vergleich der Verträge",
	}
}

// D9, Ld4: a draft names everything; each fault is named at its field, all at
// once, and nothing of it is looked up (G13: there is no store here).
func TestADraftNamesEverything(t *testing.T) {
	now := portal.Date(2026, 11, 25).Add(10 * time.Hour)
	m, err := draft().Mandate(now)
	require.NoError(t, err)
	require.Equal(t, "Marie Dupont", m.Mandator.Name)
	require.Equal(t, []mandates.Kind{mandates.Totals, mandates.Daily}, m.Scope.Kinds)
	require.Equal(t, portal.Period{From: portal.Date(2026, 11, 25), To: portal.Date(2027, 11, 25)}, m.Scope.Validity, "twelve months where nothing is typed")
	require.Equal(t, portal.Period{From: portal.Date(2025, 1, 1)}, m.Scope.Data)
	require.Equal(t, []mandates.Line{{EAN: theEAN, Outcome: mandates.Proposed}}, m.Lines)

	for field, spoil := range map[string]func(*mandates.Draft){
		"name":           func(d *mandates.Draft) { d.Name = " " },
		"company_number": func(d *mandates.Draft) { d.CompanyNumber = "0403.170.702" },
		"capacity":       func(d *mandates.Draft) { d.Capacity = "neighbour" },
		"signed_by":      func(d *mandates.Draft) { d.Capacity = "representative" },
		"language":       func(d *mandates.Draft) { d.Language = "it" },
		"points":         func(d *mandates.Draft) { d.Points += "541449000000000011" },
		"kinds":          func(d *mandates.Draft) { d.Kinds = []string{"all"} },
		"data_from":      func(d *mandates.Draft) { d.DataFrom = "01/01/2025" },
		"data_to":        func(d *mandates.Draft) { d.DataTo = "2024-12-31" },
		"valid_to":       func(d *mandates.Draft) { d.ValidFrom, d.ValidTo = "2026-11-25", "2029-11-25" },
		"purpose":        func(d *mandates.Draft) { d.Purpose = "so" },
	} {
		d := draft()
		spoil(&d)
		_, err := d.Mandate(now)
		var problems portal.Problems
		require.ErrorAs(t, err, &problems, field)
		require.Len(t, problems, 1, field)
		require.Equal(t, field, problems[0].Field)
	}
	d := draft()
	d.ValidTo = "2029-11-24"
	_, err = d.Mandate(now)
	require.NoError(t, err, "36 months to the day")
	d.Points = "541449000000000010\n5414 4900 0000 0000 10"
	_, err = d.Mandate(now)
	require.ErrorContains(t, err, "mandate.twice")

	_, err = mandates.Draft{}.Mandate(now)
	var problems portal.Problems
	require.ErrorAs(t, err, &problems)
	require.GreaterOrEqual(t, len(problems), 8)
}

// Ld4: another version, point, word or day is another text; the same is the same.
func TestTheTextIsBound(t *testing.T) {
	m, err := draft().Mandate(portal.Date(2026, 11, 25))
	require.NoError(t, err)
	m.ID, m.Version = "m", 1
	_, first := m.Bind("Énergie SA", "0403170701")
	_, same := m.Bind("Énergie SA", "0403170701")
	require.Equal(t, first, same)
	for name, change := range map[string]func(*mandates.Mandate){
		"version": func(m *mandates.Mandate) { m.Version = 2 },
		"purpose": func(m *mandates.Mandate) { m.Scope.Purpose += "." },
		"points":  func(m *mandates.Mandate) { m.Lines = append(m.Lines[:1:1], mandates.Line{EAN: "541449000000000027"}) },
		"until":   func(m *mandates.Mandate) { m.Scope.Validity.To = m.Scope.Validity.To.AddDate(0, 0, 1) },
		"data":    func(m *mandates.Mandate) { m.Scope.Data.To = portal.Date(2026, 1, 1) },
		"kinds":   func(m *mandates.Mandate) { m.Scope.Kinds = m.Scope.Kinds[:1] },
		"name":    func(m *mandates.Mandate) { m.Mandator.Name = "Marie Dupond" },
		"once":    func(m *mandates.Mandate) { m.Scope.Once = true },
	} {
		other := m
		change(&other)
		_, hash := other.Bind("Énergie SA", "0403170701")
		require.NotEqual(t, first, hash, name)
	}
	_, hash := m.Bind("Autre SA", "0403170701")
	require.NotEqual(t, first, hash)
}

// D9, Ld4: a renewal takes its place from the moment it delivers itself, which
// time alone may bring, and from none other.
func TestARenewalTakesItsPlace(t *testing.T) {
	granted, from := portal.Date(2026, 3, 2), portal.Date(2026, 3, 1)
	valid := portal.Period{From: from, To: portal.Date(2027, 3, 1)}
	by := mandates.Line{EAN: theEAN, Outcome: mandates.Granted, OccupancyID: "mine", LetterID: "l", GrantedAt: granted}
	told, later := by, valid
	told.ToldAt = granted
	begins := told.Begins() // ten working days on
	later.From = portal.Date(2026, 6, 1)
	change := func(l mandates.Line, do func(*mandates.Line)) mandates.Line { do(&l); return l }
	for name, c := range map[string]struct {
		by    mandates.Line
		valid portal.Period
		at    time.Time // zero: never
	}{
		"its letter has not left":    {by, valid, time.Time{}},
		"ten working days":           {told, valid, begins},
		"not valid yet":              {told, later, later.From},
		"never valid":                {told, portal.Period{From: from, To: begins}, time.Time{}},
		"confirmed":                  {change(told, func(l *mandates.Line) { l.ConfirmedAt = granted.AddDate(0, 0, 1) }), valid, granted.AddDate(0, 0, 1)},
		"refused":                    {change(told, func(l *mandates.Line) { l.Outcome = mandates.Refused }), valid, time.Time{}},
		"revoked before it began":    {change(told, func(l *mandates.Line) { l.End, l.EndedAt = mandates.ByRevocation, begins }), valid, time.Time{}},
		"revoked after it had begun": {change(told, func(l *mandates.Line) { l.End, l.EndedAt = mandates.ByRevocation, begins.Add(1) }), valid, begins},
		"of another stay":            {change(told, func(l *mandates.Line) { l.OccupancyID = "before" }), valid, time.Time{}},
		"of another point":           {change(told, func(l *mandates.Line) { l.EAN = "541449000000000027" }), valid, time.Time{}},
	} {
		old := mandates.Line{EAN: theEAN, Outcome: mandates.Granted, OccupancyID: "mine", LetterID: "k", Proven: true, GrantedAt: from}
		until := portal.Date(2026, 9, 1)
		old.Succeed(c.by, c.valid)
		require.Equal(t, c.at, old.SucceededAt, name)
		if c.at.IsZero() {
			require.Equal(t, mandates.LineInForce, old.StatusAt(until.Add(-1), until), name)
			continue
		}
		require.Equal(t, mandates.LineInForce, old.StatusAt(c.at.Add(-1), until), name)
		require.Equal(t, mandates.LineEnded, old.StatusAt(c.at, until), name)
		how, at := old.Over()
		require.Equal(t, mandates.ByRenewal, how)
		require.Equal(t, c.at, at)
		require.Equal(t, mandates.LineExpired, old.StatusAt(c.at.AddDate(1, 0, 0), c.at), "expired before it was renewed")
		require.False(t, old.Stop(mandates.ByRevocation, c.at, until), "over is over")
		require.True(t, old.Stop(mandates.ByRenewal, c.at.AddDate(0, 0, 3), until))
		require.Equal(t, c.at, old.EndedAt, "written down later, with its own date")
	}
}
