package metering_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

func (p *place) choices() *metering.Choices {
	return &metering.Choices{Store: p.Store, Runner: p.Store, Clock: p.clock}
}

// finest tells the most values that any stored day of the point has.
func (p *place) finest(t require.TestingT, ean portal.EAN) (most int) {
	rows, err := p.ReadingDays(ctx, ean, 0, 99999999)
	require.NoError(t, err)
	for _, r := range rows {
		values, _, err := metering.Unpack(nil, r.Packed)
		require.NoError(t, err)
		most = max(most, len(values))
	}
	return most
}

const countOf = `SELECT count(*) FROM trail WHERE action = $1`

// D5, S3: choosing keeps from the next day on; withdrawing deletes at once
// what is finer, leaves every day's and month's total, and both are in the
// trail and in a letter, in the person's language to the address on record.
func TestDetailIsChosenAndWithdrawn(t *testing.T) {
	p := newPlace(t, portal.Date(2024, 4, 10).Add(15*time.Hour))
	ean := eanOf(1)
	point := p.point(t, ean, portal.Electricity, 9_200)
	p.stay(t, "o", ean, portal.Date(2023, 1, 1), time.Time{}, time.Time{})
	require.NoError(t, p.choices().Choose(ctx, "o", "v"))
	require.NoError(t, p.choices().Choose(ctx, "o", "v"), "again changes nothing")
	require.EqualValues(t, 1, p.count(t, countOf, string(audit.DetailChosen)))

	p.now = portal.Date(2024, 4, 20).Add(9 * time.Hour)
	var days []metering.Day
	for d := portal.Date(2024, 4, 9); d.Before(portal.Date(2024, 4, 20)); d = d.AddDate(0, 0, 1) {
		day := quarters(ean, metering.OfftakePeak, d)
		off := quarters(ean, metering.OfftakeOffPeak, d)
		for i := range day.Values {
			if i < 40 {
				day.Values[i] = metering.Slot{Absent: true}
			} else {
				off.Values[i] = metering.Slot{Absent: true}
			}
		}
		if d.Day() == 12 {
			day.Values[50] = metering.Slot{Value: metering.Value{Quality: metering.Missing}}
			day.Values[51].Quality = metering.Estimated
		}
		days = append(days, day, off)
	}
	_, err := p.importer().Import(ctx, days, metering.ImportOptions{})
	require.NoError(t, err)
	require.Equal(t, 96, p.finest(t, ean))
	stay, err := p.Occupancy(ctx, "o")
	require.NoError(t, err)
	hours := metering.Query{Grain: metering.ByHour, From: portal.Date(2024, 4, 1), To: portal.Date(2024, 4, 21)}
	s, err := p.history().Series(ctx, point, stay, hours)
	require.NoError(t, err)
	require.Equal(t, portal.Date(2024, 4, 11), s.Period.From, "the 10th was half over when it was chosen")
	daily := metering.Query{Grain: metering.ByDay, From: portal.Date(2024, 4, 1), To: portal.Date(2024, 4, 20)}
	before, err := p.history().Series(ctx, point, stay, daily)
	require.NoError(t, err)
	months, err := p.ReadingMonths(ctx, ean, 0, 999999)
	require.NoError(t, err)

	require.NoError(t, p.choices().Withdraw(ctx, "o", "v"))
	require.NoError(t, p.choices().Withdraw(ctx, "o", "v"), "again changes nothing")
	require.Equal(t, 1, p.finest(t, ean))
	require.EqualValues(t, 1, p.count(t, countOf, string(audit.DetailWithdrawn)))
	stay, err = p.Occupancy(ctx, "o")
	require.NoError(t, err)
	require.True(t, stay.DetailFrom.IsZero())
	require.True(t, stay.DetailEnded.Equal(p.now))
	s, err = p.history().Series(ctx, point, stay, hours)
	require.NoError(t, err)
	require.Empty(t, s.Points)
	after, err := p.history().Series(ctx, point, stay, daily)
	require.NoError(t, err)
	after.Detail, before.Detail = time.Time{}, time.Time{}
	require.Equal(t, before, after, "daily totals stay")
	monthsAfter, err := p.ReadingMonths(ctx, ean, 0, 999999)
	require.NoError(t, err)
	require.Equal(t, months, monthsAfter)
	_, err = p.importer().Import(ctx, days, metering.ImportOptions{})
	require.NoError(t, err)
	require.Equal(t, 1, p.finest(t, ean), "and nothing finer comes back")

	err = p.choices().Choose(ctx, "o", "v")
	require.Equal(t, portal.Conflict, portal.CodeOf(err), "once a day")
	p.now = p.now.AddDate(0, 0, 1)
	require.NoError(t, p.choices().Choose(ctx, "o", "v"))

	letters := p.waiting(t)
	require.Len(t, letters, 3)
	for i, want := range []metering.DetailLetter{
		{Chosen: true, From: 20240411}, {}, {Chosen: true, From: 20240422},
	} {
		want.Energy, want.EAN, want.Supply = portal.Electricity, ean.Masked(), "a, b c"
		var got metering.DetailLetter
		require.NoError(t, json.Unmarshal(letters[i].Data, &got))
		require.Equal(t, want, got)
		require.Equal(t, outbox.Detail, letters[i].Kind)
		require.Equal(t, portal.French, letters[i].Language)
		require.Equal(t, outbox.Address{Name: "n", Street: "s", Postcode: "p", Town: "t"}, letters[i].To, "L28")
	}
}

func (p *place) waiting(t *testing.T) []outbox.Letter {
	letters, err := p.WaitingLetters(ctx, "", 100)
	require.NoError(t, err)
	return letters
}

// D5: a move ends the choice and deletes what was finer, once, without a
// letter; the next occupant's own choice stays as it is.
func TestAMoveEndsTheChoice(t *testing.T) {
	p := newPlace(t, portal.Date(2024, 4, 25))
	ean := eanOf(1)
	p.point(t, ean, portal.Electricity, 9_200)
	p.stay(t, "a", ean, portal.Date(2023, 1, 1), portal.Date(2024, 4, 10), portal.Date(2024, 4, 1))
	p.stay(t, "b", ean, portal.Date(2024, 4, 10), time.Time{}, portal.Date(2024, 4, 10))
	_, err := p.importer().Load(ctx, func(yield func(metering.Day) bool) {
		for d := portal.Date(2024, 4, 1); d.Before(portal.Date(2024, 4, 20)) && yield(quarters(ean, metering.OfftakeTotal, d)); d = d.AddDate(0, 0, 1) {
		}
	})
	require.NoError(t, err)
	require.NoError(t, p.choices().EndAfterMoves(ctx))
	require.NoError(t, p.choices().EndAfterMoves(ctx))
	rows, err := p.ReadingDays(ctx, ean, 0, 99999999)
	require.NoError(t, err)
	for _, r := range rows {
		values, _, err := metering.Unpack(nil, r.Packed)
		require.NoError(t, err)
		want := 96
		if r.Day < 20240410 {
			want = 1
		}
		require.Len(t, values, want, "%d", r.Day)
	}
	require.EqualValues(t, 1, p.count(t, countOf, string(audit.DetailEnded)))
	require.Empty(t, p.waiting(t))
	b, err := p.Occupancy(ctx, "b")
	require.NoError(t, err)
	require.False(t, b.DetailFrom.IsZero())
}

// D3, D5, S3: quarter-hours that were stored for somebody who had gone already,
// before the move was learnt, are no more than totals afterwards; those that the
// next occupant chose stay.
func TestAMoveLearntLateEndsTheDetailStoredSince(t *testing.T) {
	p := newPlace(t, portal.Date(2024, 4, 25))
	ean := eanOf(1)
	p.point(t, ean, portal.Electricity, 9_200)
	p.stay(t, "a", ean, portal.Date(2023, 1, 1), time.Time{}, portal.Date(2024, 4, 1))
	var days []metering.Day
	for d := portal.Date(2024, 4, 1); d.Before(portal.Date(2024, 4, 25)); d = d.AddDate(0, 0, 1) {
		days = append(days, quarters(ean, metering.OfftakeTotal, d))
	}
	_, err := p.importer().Import(ctx, days, metering.ImportOptions{})
	require.NoError(t, err)
	require.Equal(t, 96, p.finest(t, ean))
	p.exec(t, `UPDATE occupancies SET to_us = $1 WHERE id = 'a'`, portal.Micros(portal.Date(2024, 4, 10))) // then a vacancy
	p.stay(t, "b", ean, portal.Date(2024, 4, 15), time.Time{}, portal.Date(2024, 4, 20))
	require.NoError(t, p.choices().EndAfterMoves(ctx))
	rows, err := p.ReadingDays(ctx, ean, 0, 99999999)
	require.NoError(t, err)
	require.Len(t, rows, len(days))
	for _, r := range rows {
		values, _, err := metering.Unpack(nil, r.Packed)
		require.NoError(t, err)
		want := 1
		if r.Day >= 20240420 {
			want = 96
		}
		require.Len(t, values, want, "%d", r.Day)
	}
	require.EqualValues(t, 1, p.count(t, countOf, string(audit.DetailEnded)))
}

// Where there is nothing to choose, nothing is: by law, after the end, before
// the beginning, of nobody.
func TestDetailIsRefusedWhereThereIsNothingToChoose(t *testing.T) {
	p := newPlace(t, portal.Date(2024, 4, 25))
	p.point(t, eanOf(1), portal.Electricity, 56_000)
	p.stay(t, "law", eanOf(1), portal.Date(2023, 1, 1), time.Time{}, time.Time{})
	p.point(t, eanOf(2), portal.Electricity, 9_200)
	p.stay(t, "over", eanOf(2), portal.Date(2023, 1, 1), portal.Date(2024, 4, 20), portal.Date(2024, 1, 1))
	p.stay(t, "to come", eanOf(2), portal.Date(2024, 4, 28), time.Time{}, time.Time{})
	for id, code := range map[string]portal.Code{"law": portal.Conflict, "over": portal.Conflict, "to come": portal.Conflict, "nobody": portal.NotFound} {
		require.Equal(t, code, portal.CodeOf(p.choices().Choose(ctx, id, "v")), id)
		require.Equal(t, code, portal.CodeOf(p.choices().Withdraw(ctx, id, "v")), id)
	}
	require.Empty(t, p.waiting(t))
}

// The choice on every database, and what an older file of the register may not
// bring back: neither a choice that was withdrawn, nor the loss of one.
func TestChoicesOnEveryDatabase(t *testing.T) {
	for _, backend := range storetest.Backends(t) {
		t.Run(backend.Name, func(t *testing.T) {
			now := portal.Date(2024, 4, 10).Add(time.Hour)
			s := backend.Open(t, func() time.Time { return now })
			const id = "o"
			occupied := registry.Batch{
				Points: []registry.AccessPoint{{EAN: eanOf(7), Energy: portal.Gas}},
				Occupancies: []registry.Occupancy{{ID: id, EAN: eanOf(7), Name: "n", Language: portal.French,
					Period: portal.Period{From: portal.Date(2023, 1, 1)}}},
			}
			c := &metering.Choices{Store: s, Runner: s, Clock: func() time.Time { return now }}
			again := func() {
				require.NoError(t, s.Do(ctx, func(u tx.Tx) error { return s.PutRegistry(u, occupied) }))
			}
			chosen := func() bool {
				o, err := s.Occupancy(ctx, id)
				require.NoError(t, err)
				return !o.DetailFrom.IsZero()
			}
			again()
			require.NoError(t, c.Choose(ctx, id, "v"))
			again()
			require.True(t, chosen(), "a file that does not know it")
			occupied.Occupancies[0].DetailFrom = now
			now = now.Add(24 * time.Hour)
			require.NoError(t, c.Withdraw(ctx, id, "v"))
			again()
			require.False(t, chosen(), "a file older than the withdrawal")
			sent, err := s.LettersAbout(ctx, id)
			require.NoError(t, err)
			require.Len(t, sent, 2, "S4: its person finds both letters in the file")
			require.Equal(t, outbox.Detail, sent[0].Kind)
			require.Equal(t, portal.Micros(now), portal.Micros(sent[0].QueuedAt), "the newest first")
			now = now.Add(24 * time.Hour)
			require.NoError(t, c.Choose(ctx, id, "v"))
			occupied.Occupancies[0].To = now
			again()
			now = now.Add(time.Hour)
			stop := errors.New("stop")
			require.ErrorIs(t, s.Do(ctx, func(u tx.Tx) error {
				return errors.Join(s.PutChoice(u, id, time.Time{}, now), stop)
			}), stop)
			require.True(t, chosen())
			require.NoError(t, c.EndAfterMoves(ctx))
			require.False(t, chosen())
			over, err := s.ChoicesOver(ctx, now, 10)
			require.NoError(t, err)
			require.Empty(t, over)
		})
	}
}
