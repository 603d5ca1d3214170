package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/dchest/captcha"

	"guichet/lookup/challenge"
	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/web"
)

// What is measured of the history, and against what.
const (
	benchMonths   = "history, 36 months" // session, passes, readings, trail entry, chart and table
	benchQuarters = "history, quarters"  // the same for a year of quarter-hours
	benchBare     = "bare net/http"      // the bytes of that page, nothing else
	benchOwn      = "captcha picture"    // ours, with its look at the state
	benchLibrary  = "library's own"      // dchest/captcha's encoder, drawing alike
)

const (
	benchYears   = 3                // of readings: the horizon (D3)
	benchSlot    = 15 * time.Minute // the finest grain
	benchReaders = 64               // callers: one alone would measure the disk's wait for its trail entry
)

// benchHistory measures the page of three years by month and, where this
// program shows quarter-hours, that of a year of them.
func (g *benchGround) benchHistory(ctx context.Context, c benchCmd, t *terminal) ([]goal, error) {
	drawn, err := g.issue(ctx, 1)
	if err != nil {
		return nil, err
	}
	ean := benchEAN(0)
	importer := &metering.Importer{Archive: g.store, Runner: g.store, Clock: g.clock}
	if _, err := importer.Load(ctx, benchDays(ean, g.clock())); err != nil {
		return nil, err
	}
	client, err := g.visit(ctx, drawn[0])
	if err != nil {
		return nil, err
	}
	defer client.close()

	y, m, _ := g.clock().In(portal.Brussels).Date()
	end := portal.Date(y, m, 1)
	page := func(grain string, years int) string {
		return "/en/consumption?" + url.Values{"grain": {grain}, "from": {end.AddDate(-years, 0, 0).Format(time.DateOnly)},
			"to": {end.Format(time.DateOnly)}}.Encode()
	}
	months, quarters := page("month", benchYears), page("quarter", 1)
	if err := expectOK(client.get(months)); err != nil {
		return nil, fmt.Errorf("%s: %w", months, err)
	}
	size := len(client.page)
	bare, err := g.serveBytes(client.page)
	if err != nil {
		return nil, err
	}
	ops := map[string]func(int, int) error{}
	order := []string{benchMonths, benchBare}
	asked := map[string][2]string{benchMonths: {g.guarded, months}, benchBare: {bare, "/"}, benchQuarters: {g.guarded, quarters}}
	if status, err := client.get(quarters); err != nil {
		return nil, err
	} else if status == http.StatusOK {
		order = append(order, benchQuarters)
	}
	for _, kind := range order {
		op, end, err := reading(asked[kind][0], asked[kind][1], client.cookie)
		if err != nil {
			return nil, err
		}
		defer end()
		ops[kind] = op
	}
	t.printf("%d callers, a page of %d bytes, median of %d rounds of %s\n", benchReaders, size, c.Rounds, c.Seconds)
	rate := interleave(c, t, benchReaders, order, ops)
	goals := []goal{{"history page, three years by month / bare answer of its bytes", rate[benchMonths].perSec / rate[benchBare].perSec, 0.15, true}}
	if q, ok := rate[benchQuarters]; ok {
		goals = append(goals, goal{"history page of a year of quarter-hours, times the monthly page", rate[benchMonths].perSec / q.perSec, 4, false})
	} else {
		t.printf("  %-22s this program does not show quarter-hours\n", benchQuarters)
	}
	return goals, packedYear(ctx, g.store, t, ean, end)
}

// interleave measures kinds in turn, so that what else the machine does falls
// on all of them, and prints the median round of each.
func interleave(c benchCmd, t *terminal, callers int, order []string, ops map[string]func(int, int) error) map[string]timing {
	rounds := map[string][]timing{}
	for range c.Rounds {
		for _, kind := range order {
			rounds[kind] = append(rounds[kind], hammer(callers, c.Seconds, ops[kind]))
		}
	}
	medians := map[string]timing{}
	for _, kind := range order {
		medians[kind] = middle(rounds[kind])
		t.printf("  %-22s %s\n", kind, medians[kind])
	}
	return medians
}

// reading lets callers ask for one page, each over a connection of its own.
func reading(address, path, cookie string) (op func(caller, call int) error, end func(), err error) {
	clients, end, err := dialAll(address, benchReaders)
	for _, c := range clients {
		c.cookie = cookie
	}
	return func(caller, _ int) error { return expectOK(clients[caller].get(path)) }, end, err
}

func expectOK(status int, err error) error {
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("answered %d", status)
	}
	return err
}

// visit opens a reference at the gate, as a person does.
func (g *benchGround) visit(ctx context.Context, d registry.Drawn) (*leanClient, error) {
	client, err := dialLean(g.guarded)
	if err != nil {
		return nil, err
	}
	form, from, err := g.solvedForm(ctx, client, d.Reference, d.Digits)
	if err != nil {
		return nil, err
	}
	status, err := client.post("/en/lookup", from, form)
	if err == nil && (status != http.StatusSeeOther || client.cookie == "") {
		err = fmt.Errorf("the gate answered %d to the right digits", status)
	}
	return client, err
}

// serveBytes answers every request with a copy of the page.
func (g *benchGround) serveBytes(page []byte) (address string, err error) {
	page = bytes.Clone(page)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := web.NewServer(l.Addr().String(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Length", fmt.Sprint(len(page)))
		_, _ = w.Write(page)
	}))
	g.servers = append(g.servers, server)
	go func() { _ = server.Serve(l) }()
	return l.Addr().String(), nil
}

// benchDays are quarter-hours of two bands that go up and down like a
// household's, for a little more than the horizon and up to yesterday.
func benchDays(ean portal.EAN, now time.Time) iter.Seq[metering.Day] {
	return func(yield func(metering.Day) bool) {
		y, m, d := now.In(portal.Brussels).Date()
		for _, r := range []metering.Register{metering.OfftakePeak, metering.OfftakeOffPeak} {
			state := uint32(1)
			for date := portal.Date(y-benchYears-1, m, 1); date.Before(portal.Date(y, m, d)); date = date.AddDate(0, 0, 1) {
				day := metering.Day{EAN: ean, Register: r, Date: date, Meter: "1SAG1100000000",
					Values: make([]metering.Slot, metering.SlotsIn(date, benchSlot))}
				for i := range day.Values {
					hour := date.Add(time.Duration(i) * benchSlot).Hour()
					if peak := hour >= 7 && hour < 22; peak != (r == metering.OfftakePeak) {
						day.Values[i].Absent = true
						continue
					}
					state = state*1664525 + 1013904223
					day.Values[i].Amount = int64(20 + state>>24 + 10*uint32(hour))
				}
				if !yield(day) {
					return
				}
			}
		}
	}
}

// packedYear prints what a year of quarter-hours takes.
func packedYear(ctx context.Context, ledger metering.Ledger, t *terminal, ean portal.EAN, end time.Time) error {
	rows, err := ledger.ReadingDays(ctx, ean, metering.DayNumber(end.AddDate(-1, 0, 0)), metering.DayNumber(end.AddDate(0, 0, -1)))
	if err != nil {
		return err
	}
	size, values := 0, 0
	for _, r := range rows {
		slots, _, err := metering.Unpack(nil, r.Packed)
		if err != nil {
			return err
		}
		size += len(r.Packed)
		for _, s := range slots {
			if !s.Absent {
				values++
			}
		}
	}
	t.printf("a year of quarter-hours of two bands: %d values in %d rows, packed in %d bytes, %.2f a value\n",
		values, len(rows), size, float64(size)/float64(max(values, 1)))
	return nil
}

// benchPicture measures a captcha's picture against the library's own.
func (g *benchGround) benchPicture(ctx context.Context, c benchCmd, t *terminal) (goal, error) {
	id, err := g.deps.Challenges.Draw(ctx)
	if err != nil {
		return goal{}, err
	}
	digits, ok, err := g.short.Get(ctx, "captcha:"+id)
	if err != nil || !ok {
		return goal{}, errors.Join(err, errors.New("captcha is gone"))
	}
	numbers := make([]byte, len(digits))
	for i, d := range digits {
		numbers[i] = d - '0'
	}
	t.printf("1 caller, median of %d rounds of %s\n", c.Rounds, c.Seconds)
	rate := interleave(c, t, 1, []string{benchOwn, benchLibrary}, map[string]func(int, int) error{
		benchOwn: func(int, int) error {
			_, err := g.deps.Challenges.Picture(ctx, id)
			return err
		},
		benchLibrary: func(int, int) error {
			var b bytes.Buffer
			_, err := captcha.NewImage(id, numbers, challenge.Width, challenge.Height).WriteTo(&b)
			return err
		},
	})
	return goal{"captcha picture / the library's own", rate[benchOwn].perSec / rate[benchLibrary].perSec, 2.5, true}, nil
}
