package registry_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

// street is a register with one dwelling that has electricity and gas.
type street struct {
	*store.Store
	t   *testing.T
	dsn string
	now time.Time
}

const (
	power = "541499000000123455"
	gas   = "541449000000000010"
)

func newStreet(t *testing.T, b storetest.Backend) *street {
	s := &street{t: t, dsn: b.DSN(t), now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	s.Store = storetest.Reopen(t, s.dsn, s.clock)
	return s
}

func (s *street) clock() time.Time { return s.now }

// line is a row of a registry file.
func line(ean, energy, meter, meterFrom, name, from, to string) string {
	kva := "9.2"
	if energy == "gas" {
		kva = ""
	}
	return ean + ";" + energy + ";Rue A 1;4700;Eupen;" + kva + ";" + meter + ";" + meterFrom + ";;" + name + ";de;Rue A 1;4700;Eupen;" + from + ";" + to + ";;Sol;2020-01-01;\n"
}

func (s *street) load(lines ...string) registry.Difference {
	s.t.Helper()
	im := &registry.Importer{Ledger: s.Store, Runner: s.Store, Clock: s.clock}
	d, err := im.Apply(context.Background(), parse(s.t, header+strings.Join(lines, "")), registry.ApplyOptions{Name: "town.csv"})
	require.NoError(s.t, err)
	return d
}

func (s *street) firsts() int {
	s.t.Helper()
	f := &registry.FirstLetters{Clock: s.clock, Runner: s.Store, Store: s.Store,
		Issuer: registry.NewIssuer(storetest.Keys(s.t), s.clock, s.Store, s.Store)}
	n, err := f.Handle(context.Background())
	require.NoError(s.t, err)
	return n
}

// envelopes are the waiting letters' numbers of meters.
func (s *street) envelopes() (lines [][]registry.ReferenceLine) {
	s.t.Helper()
	letters, err := s.WaitingLetters(context.Background(), "", 100)
	require.NoError(s.t, err)
	for _, l := range letters {
		require.Equal(s.t, outbox.References, l.Kind)
		var data registry.ReferenceLetter
		require.NoError(s.t, json.Unmarshal(l.Data, &data))
		lines = append(lines, data.Lines)
	}
	return lines
}

// G2: an empty register queues no letter; a new occupancy gets its first by
// itself, one envelope for both energies, not before it begins and only once; a
// meter exchange sends another.
func TestG2FirstLettersQueueThemselves(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			s := newStreet(t, b)
			anna := []string{line(power, "electricity", "1SAG1100076616", "2020-01-01", "Anna", "2020-01-01", ""),
				line(gas, "gas", "7FLO2119031964", "2020-01-01", "Anna", "2020-01-01", "")}
			require.Zero(t, s.load(anna...).Letters)
			require.Zero(t, s.firsts())

			bert := func(from string) []string {
				return []string{line(power, "electricity", "1SAG1100076616", "2020-01-01", "Anna", "2020-01-01", from), line(power, "electricity", "1SAG1100076616", "2020-01-01", "Bert", from, ""),
					line(gas, "gas", "7FLO2119031964", "2020-01-01", "Anna", "2020-01-01", from), line(gas, "gas", "7FLO2119031964", "2020-01-01", "Bert", from, "")}
			}
			require.Equal(t, 2, s.load(bert("2026-04-01")...).Letters)
			require.Zero(t, s.firsts(), "he has not moved in yet")
			s.now = portal.Date(2026, time.April, 1)
			require.Equal(t, 1, s.firsts())
			require.Zero(t, s.firsts())
			require.Zero(t, s.load(bert("2026-04-01")...).Letters, "the same file again")
			envelopes := s.envelopes()
			require.Len(t, envelopes, 1)
			require.Len(t, envelopes[0], 2, "electricity and gas share an envelope")

			s.now = s.now.AddDate(0, 1, 0)
			d := s.load(line(power, "electricity", "1SAG1100099999", "2026-04-20", "Bert", "2026-04-01", ""))
			require.Equal(t, 1, d.Letters)
			require.Equal(t, 1, s.firsts())
			envelopes = s.envelopes()
			require.Len(t, envelopes, 2)
			require.Equal(t, "1SAG1100099999", envelopes[1][0].MeterNumber)
			require.EqualValues(t, 3, storetest.Number(t, s.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'reference.issued' AND ground = 'begun'`))
		})
	}
}

// G2: each household has an envelope of its own, whatever stands between its
// lines; who has not begun holds up nobody and loses nothing; who was written to
// meanwhile, has gone again, or has a meter without four digits gets none.
func TestG2FirstLettersOfMany(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			s, ctx := newStreet(t, b), context.Background()
			const other, otherGas = "541449000000000027", "541449000000000034"
			s.load(line(power, "electricity", "1SAG1100076616", "2020-01-01", "Anna", "2020-01-01", "2026-03-20"))
			late := line(power, "electricity", "1SAG1100076616", "2020-01-01", "Zoe", "2026-06-01", "")
			carla := line(other, "electricity", "1SAG1100000001", "2021-01-01", "Carla", "2026-02-01", "")
			require.Equal(t, 4, s.load(carla, late, line(gas, "gas", "7FLO2119031964", "2020-01-01", "Bert", "2026-02-01", ""),
				line(otherGas, "gas", "7FLO2119000002", "2020-01-01", "Carla", "2026-02-01", "")).Letters, "one for each stay, whether its meter is new or not")
			require.Equal(t, 2, s.firsts(), "one for Bert, one for Carla")
			envelopes := s.envelopes()
			require.Len(t, envelopes, 2)
			var meters []string
			for _, e := range envelopes {
				list := ""
				for _, one := range e {
					list += one.MeterNumber + " "
				}
				meters = append(meters, list)
			}
			require.ElementsMatch(t, []string{"7FLO2119031964 ", "1SAG1100000001 7FLO2119000002 "}, meters, "each in an envelope of their own")
			waiting := func() int64 { return storetest.Number(t, s.dsn, `SELECT COUNT(*) FROM letters_due`) }
			require.EqualValues(t, 1, waiting(), "Zoe's")

			// An exchange that is announced is not forgotten with today's.
			s.load(line(other, "electricity", "1SAG1100000002", "2026-02-20", "Carla", "2026-02-01", ""))
			s.load(line(other, "electricity", "1SAG1100000003", "2026-04-01", "Carla", "2026-02-01", ""))
			require.EqualValues(t, 3, waiting())
			require.Equal(t, 1, s.firsts())
			require.EqualValues(t, 2, waiting())
			s.now = portal.Date(2026, time.April, 2)
			require.Equal(t, 1, s.firsts())

			const spare, odd = "541449000000000041", "541449000000000058"
			s.load(line(spare, "electricity", "1SAG1100000004", "2020-01-01", "Dirk", "2026-04-01", ""), line(odd, "electricity", "1SAG1100000005", "2020-01-01", "Emil", "2026-04-01", ""))
			storetest.Exec(t, s.dsn, `UPDATE meters SET number = 'ABC-1' WHERE ean = $1`, odd)
			s.load(line(spare, "electricity", "1SAG1100000004", "2020-01-01", "Dirk", "2026-04-01", "2026-04-02"))
			require.Zero(t, s.firsts(), "gone again, and no digits")
			require.EqualValues(t, 1, waiting())

			s.now = portal.Date(2026, time.June, 1)
			storetest.Exec(t, s.dsn, `UPDATE meters SET number = '1SAG1100000005' WHERE ean = $1`, odd)
			_, err := registry.NewIssuer(storetest.Keys(t), s.clock, s.Store, s.Store).Issue(ctx, registry.IssueOptions{})
			require.NoError(t, err)
			require.Zero(t, s.firsts(), "Zoe has her letter")
			require.Zero(t, waiting())
		})
	}
}

// D3, D2, L16: a move learnt late cuts the history at once, names what was
// shown, posted and issued to somebody who had gone, ends those references, and
// leaves alone what was still right.
func TestD3MoveLearntLate(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			s, ctx := newStreet(t, b), context.Background()
			s.load(line(power, "electricity", "1SAG1100076616", "2020-01-01", "Anna", "2020-01-01", ""))
			stays, err := s.Occupancies(ctx, power)
			require.NoError(t, err)
			anna := stays[0].ID
			issuer := registry.NewIssuer(storetest.Keys(t), s.clock, s.Store, s.Store)
			issue := func() {
				_, err := issuer.Issue(ctx, registry.IssueOptions{Again: true})
				require.NoError(t, err)
			}
			action := audit.HistoryShown
			shown := func(id, to string) {
				require.NoError(t, s.Do(ctx, func(u tx.Tx) error {
					u.Record(audit.Entry{ID: id, At: s.now, Action: action, Subject: "occupancy:" + anna, Details: map[string]string{"from": "2025-01-01", "to": to}})
					return nil
				}))
			}
			issue()
			shown("before", "2026-03-01")
			began := s.now
			s.now = portal.Date(2026, time.March, 15) // the moment she moves out
			issue()
			shown("at-once", "2026-03-16")
			s.now = began.AddDate(0, 1, 0) // 1 April
			issue()
			storetest.Exec(t, s.dsn, `UPDATE issued_references SET ended_us = 5 WHERE issued_us = $1`, portal.Micros(s.now))
			issue()
			shown("to-the-border", "2026-03-15")
			shown("still-hers", "2026-03-01")
			shown("wrong", "2026-04-01")
			action = audit.Delivered
			shown("wrong-too", "2026-04-01")
			storetest.Exec(t, s.dsn, `INSERT INTO letters_about (letter_id, occupancy_id, kind, queued_us, handed_us, dropped_us, dropped_why) VALUES ('posted', $1, 'history', 1, $2, 0, '')`,
				anna, portal.Micros(s.now))
			storetest.Exec(t, s.dsn, `INSERT INTO reading_windows (id, ean, meter_id, from_us, to_us, production, ended_us) SELECT 'w', ean, id, 1, 2, FALSE, 0 FROM meters`)
			for round, day := range []int{20260315, 20260316} { // the day of the move is hers, too
				storetest.Exec(t, s.dsn, `INSERT INTO index_readings (id, window_id, register, round, occupancy_id, value, consumed, finding, read_day, who, at_us, status, batch, final, settled_us)
  VALUES ($1, 'w', 'offtake', $2, $3, 1, 1, '', $4, '', $5, 'received', '', 0, 0)`, fmt.Sprint("read-", day), round, anna, day, portal.Micros(s.now))
			}
			storetest.Exec(t, s.dsn, `INSERT INTO partners (id, name, company_number, mail, privacy_mail, language, street, postcode, town, supplier, manager, status, asked_us, decided_us, decided_by, reason)
  VALUES ('p', '', '', '', '', '', '', '', '', '', '', '', 0, 0, '', '')`)
			for id, m := range map[string]struct{ until, ended time.Time }{
				"lapsed": {portal.Date(2026, time.March, 1), time.Time{}}, "revoked": {portal.Date(2027, time.January, 1), portal.Date(2026, time.March, 2)},
				"held": {portal.Date(2027, time.January, 1), time.Time{}}, "revoked-late": {portal.Date(2027, time.January, 1), s.now},
			} {
				storetest.Exec(t, s.dsn, `INSERT INTO mandates (id, partner_id, name, company_number, capacity, signed_by, street, postcode, town, language, kinds, data_from_us, data_to_us,
  valid_from_us, valid_to_us, purpose, once, status, version, text, reason, renews, created_us, given_us, decided_us, signature)
  VALUES ($1, 'p', '', '', '', '', '', '', '', '', '', 0, 0, 1, $2, '', FALSE, 'decided', 1, $3, '', '', 1, 1, 1, '')`, id, portal.Micros(m.until), []byte{1})
				for place, outcome := range []string{"granted", "refused"} { // the other point is not hers
					stay := anna
					if outcome == "refused" {
						stay = ""
					}
					storetest.Exec(t, s.dsn, `INSERT INTO mandate_lines (mandate_id, place, ean, outcome, reason, occupancy_id, granted_us, proven, letter_id, confirmed_us, ended_us, ended_as, delivered_us)
  VALUES ($1, $2, $3, $4, '', $5, 7, TRUE, '', 0, $6, '', 0)`, id, place, outcome, outcome, stay, portal.Micros(m.ended))
				}
			}
			s.now = s.now.AddDate(0, 0, 3)

			move := []string{line(power, "electricity", "1SAG1100076616", "2020-01-01", "Anna", "2020-01-01", "2026-03-15"),
				line(power, "electricity", "1SAG1100076616", "2020-01-01", "Bert", "2026-03-15", "")}
			d := s.load(move...)
			require.Len(t, d.Late, 1)
			late := d.Late[0]
			require.Equal(t, portal.EAN(power).Masked(), late.EAN, "G12")
			require.True(t, portal.Date(2026, time.March, 15).Equal(late.MovedAt))
			what := map[registry.WrongKind][]string{}
			for _, w := range late.Wrong {
				what[w.Kind] = append(what[w.Kind], w.What)
			}
			require.Equal(t, []string{"at-once", "wrong", "wrong-too"}, what[registry.WrongDisclosure])
			require.Equal(t, []string{"posted"}, what[registry.WrongLetter])
			require.Len(t, what[registry.WrongReference], 3)
			require.Equal(t, []string{"read-20260316"}, what[registry.WrongReading])
			require.Equal(t, []string{"held", "revoked-late"}, what[registry.WrongMandate])
			require.EqualValues(t, 2, storetest.Number(t, s.dsn, `SELECT COUNT(*) FROM issued_references WHERE occupancy_id = $1 AND ended_us = $2`, anna, portal.Micros(s.now)))
			require.EqualValues(t, 1, storetest.Number(t, s.dsn, `SELECT COUNT(*) FROM issued_references WHERE ended_us = 5`), "what was over stays as it was")
			require.EqualValues(t, 1, storetest.Number(t, s.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'move.learnt' AND subject = $1 AND details LIKE $2`,
				"occupancy:"+anna, "%"+string(registry.WrongReference)+"=3%"))
			require.EqualValues(t, 2, storetest.Number(t, s.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'reference.ended' AND ground = 'moved'`))

			// The history is cut where she left, and begins there for him.
			stays, err = s.Occupancies(ctx, power)
			require.NoError(t, err)
			point, err := s.Point(ctx, power)
			require.NoError(t, err)
			history := &metering.History{Ledger: s.Store, Clock: s.clock}
			for i, border := range []func(metering.Series) time.Time{
				func(x metering.Series) time.Time { return x.Period.To },
				func(x metering.Series) time.Time { return x.Period.From },
			} {
				series, err := history.Series(ctx, point, stays[i], metering.Query{Grain: metering.ByMonth})
				require.NoError(t, err)
				require.True(t, portal.Date(2026, time.March, 15).Equal(border(series)), "%s", border(series))
			}

			require.Empty(t, s.load(move...).Late, "told again, it is nothing new")
			moves, err := s.LateMoves(ctx, 10)
			require.NoError(t, err)
			require.Len(t, moves, 1)
			require.Len(t, moves[0].Wrong, 10)
		})
	}
}

// A move in the future, and one in the past that a longer stay corrects, make
// nothing wrong.
func TestMoveLearntInTime(t *testing.T) {
	s := newStreet(t, storetest.Backends(t)[0])
	s.load(line(power, "electricity", "1SAG1100076616", "2020-01-01", "Anna", "2020-01-01", ""))
	require.Empty(t, s.load(line(power, "electricity", "1SAG1100076616", "2020-01-01", "Anna", "2020-01-01", "2026-05-01")).Late)
	s.now = s.now.AddDate(1, 0, 0)
	require.Empty(t, s.load(line(power, "electricity", "1SAG1100076616", "2020-01-01", "Anna", "2020-01-01", "2026-06-01")).Late)
	require.Len(t, s.load(line(power, "electricity", "1SAG1100076616", "2020-01-01", "Anna", "2020-01-01", "2026-05-15")).Late, 1)
}
