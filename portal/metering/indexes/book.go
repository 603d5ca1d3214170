package indexes

import (
	"context"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/tx"
)

// Book takes the readings that customers type (D6).
type Book struct {
	Ledger  Ledger
	History History
	Runner  tx.Runner
	Clock   portal.Clock
}

// Page is what somebody with an open reference sees of the readings of its meter.
type Page struct {
	// Window is the one that is open now; without ID there is none.
	Window Window
	// First and Last are the days a reading may be of.
	First, Last time.Time
	// Next is when the next window opens; zero: not planned.
	Next time.Time
	// Entries are the occupancy's own readings of the meter, the newest first.
	Entries []Entry
	// Typed are those of the open window that another entry would replace.
	Typed []Entry
	// Late tells that what was typed has left: another entry is a correction.
	Late bool
}

// shownEntries bounds the list of a page.
const shownEntries = 40

// Look reads the page of a meter. Where Entries are shown the caller records it.
func (b *Book) Look(ctx context.Context, s Stay) (Page, error) {
	now := b.Clock()
	p, err := b.open(ctx, s, now)
	if err != nil {
		return p, err
	}
	if p.Entries, err = b.Ledger.IndexEntries(ctx, s.Meter.ID, s.Occupancy.ID, shownEntries); err != nil {
		return p, err
	}
	round := 0
	for _, e := range p.Entries {
		if p.Window.ID != "" && e.WindowID == p.Window.ID && e.Round >= round {
			if e.Round > round {
				p.Typed, round = nil, e.Round
			}
			p.Typed = append(p.Typed, e)
		}
	}
	if !allOpen(p.Typed) {
		p.Late, p.Typed = true, nil
	}
	return p, nil
}

// open finds the window in which the stay's meter can be read now.
func (b *Book) open(ctx context.Context, s Stay, now time.Time) (Page, error) {
	var p Page
	windows, err := b.Ledger.ReadingWindows(ctx, s.Meter.ID)
	for _, w := range windows {
		switch {
		case w.EAN != s.Point.EAN:
		case w.From.After(now) && (p.Next.IsZero() || w.From.Before(p.Next)):
			p.Next = w.From
		case w.Contains(now) && w.EndedAt.IsZero():
			if first, last := Days(w, s.Occupancy.Period, now); !last.Before(first) {
				p.Window, p.First, p.Last = w, first, last
			}
		}
	}
	return p, err
}

func allOpen(entries []Entry) bool {
	for _, e := range entries {
		if !e.Status.Open() {
			return false
		}
	}
	return true
}

// Typed is a form as it was sent.
type Typed struct {
	Window string // the id of the window the form was drawn for
	Date   string
	Values map[metering.Register]string
	// Sure is the Outcome's: the customer confirms just these values.
	Sure string
}

// Outcome is what became of a form.
type Outcome struct {
	Saved bool
	// Ask are the registers whose value is unusual; sent again with Sure the
	// form is taken. Empty where it was.
	Ask  []metering.Register
	Sure string
}

// Enter takes all registers of a meter at once. Faults: what was typed cannot
// be used. Conflict: the window has closed or changed since the form was drawn.
// The trail keeps who typed what, and that it replaced or corrects a former one.
func (b *Book) Enter(ctx context.Context, s Stay, typed Typed) (Outcome, error) {
	now := b.Clock()
	p, err := b.open(ctx, s, now)
	if err != nil {
		return Outcome{}, err
	}
	w := p.Window
	if w.ID == "" || w.ID != typed.Window {
		return Outcome{}, windowClosed()
	}
	on, values, faults := parse(w, s.Occupancy.Period, now, typed)
	if len(faults) > 0 {
		return Outcome{}, faults
	}
	expected, err := oracle{b.Ledger, b.History}.expect(ctx, w, s.Point, s.Occupancy, on)
	if err != nil {
		return Outcome{}, err
	}
	j := Judge(w, values, expected, ownPast(w, s.Occupancy.Period))
	if sure := sureOf(w, on, values); len(j.Ask) > 0 && typed.Sure != sure {
		return Outcome{Ask: j.Ask, Sure: sure}, nil
	}
	err = b.Runner.Do(ctx, func(t tx.Tx) error { return b.write(t, s, w, on, j, now) })
	return Outcome{Saved: err == nil}, err
}

func parse(w Window, stay portal.Period, now time.Time, typed Typed) (on time.Time, values []int64, faults Faults) {
	on, wrong := parseDate(typed.Date, w, stay, now)
	if wrong != nil {
		faults = append(faults, wrong)
	}
	for _, r := range w.Registers {
		value, wrong := parseValue(typed.Values[r.Register], r)
		if wrong != nil {
			faults = append(faults, wrong)
		}
		values = append(values, value)
	}
	return on, values, faults
}

// sureOf names a day and values: a confirmation is of these and no others.
func sureOf(w Window, on time.Time, values []int64) string {
	parts := []string{strconv.FormatInt(metering.DayNumber(on), 10)}
	for i := range w.Registers {
		parts = append(parts, strconv.FormatInt(values[i], 10))
	}
	return strings.Join(parts, "-")
}

func windowClosed() error { return &portal.Error{Code: portal.Conflict, Key: "index.window.closed"} }

func (b *Book) write(t tx.Tx, s Stay, w Window, on time.Time, j Judgement, now time.Time) error {
	locked, found, err := b.Ledger.LockWindow(t, w.ID)
	if err != nil {
		return err
	}
	if !found || !locked.EndedAt.IsZero() || !locked.Contains(now) || !reflect.DeepEqual(locked.Registers, w.Registers) {
		return windowClosed()
	}
	before, err := b.Ledger.EntriesOfWindow(t, w.ID)
	if err != nil {
		return err
	}
	round, replaced := 1, false
	for _, e := range before {
		round = max(round, e.Round)
	}
	var last []Entry
	for _, e := range before {
		if e.Round == round {
			last = append(last, e)
		}
	}
	if len(last) > 0 {
		if replaced = allOpen(last) && last[0].OccupancyID == s.Occupancy.ID; !replaced {
			round++
		}
	}
	details := map[string]string{"window": w.ID, "on": on.Format(time.DateOnly), "round": strconv.Itoa(round),
		"replaced": strconv.FormatBool(replaced), "visit": s.Visit}
	entries := make([]Entry, len(j.Readings))
	for i, r := range j.Readings {
		if round > 1 && r.Finding.Status() == Received {
			r.Finding = Amended // after the hand-over a person compares the two
		}
		entries[i] = Entry{ID: portal.NewID(now), WindowID: w.ID, Round: round, OccupancyID: s.Occupancy.ID, Reading: r,
			On: on, Who: portal.Household, At: now, Status: r.Finding.Status()}
		details[string(r.Register)] = fmt.Sprintf("%d %s", r.Value, entries[i].Status)
	}
	t.Record(audit.Entry{At: now, Actor: portal.Actor{Kind: portal.Household}, Action: audit.ReadingEntered,
		Ground: "reference", Channel: "web", Subject: "occupancy:" + s.Occupancy.ID, Details: details})
	return b.Ledger.PutEntries(t, entries)
}
