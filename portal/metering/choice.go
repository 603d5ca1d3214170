package metering

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

// ChoiceStore is what Choices needs of the store. All but ChoicesOver run
// inside the unit of work that records what is done.
type ChoiceStore interface {
	// ChoiceOf reads a stay and its access point, and locks the stay; NotFound
	// where there is none.
	ChoiceOf(t tx.Tx, occupancyID string) (registry.AccessPoint, registry.Occupancy, error)
	// PutChoice writes from when detail is chosen, zero: not chosen, and when a
	// choice was last ended.
	PutChoice(t tx.Tx, occupancyID string, from, ended time.Time) error
	// ReadingPoint, ReadingDaysIn and PutReadingDays are Archive's.
	ReadingPoint(t tx.Tx, ean portal.EAN) (registry.AccessPoint, []registry.Occupancy, bool, error)
	ReadingDaysIn(t tx.Tx, ean portal.EAN, from, to int64) ([]DayRow, error)
	PutReadingDays(t tx.Tx, days []DayRow) error
	// ChoicesOver lists at most limit stays that have ended and still have a choice.
	ChoicesOver(ctx context.Context, now time.Time, limit int) ([]string, error)
}

// Choices lets occupants choose detail finer than daily, and withdraw it (D5,
// S3). A stay has chosen or has not:
//
//	not chosen --Choose--> chosen --Withdraw, or a move--> not chosen
//
// Leaving "chosen" deletes what is finer than daily in the same transaction;
// each day's total stays. Both ways a letter tells the person on record, so
// that somebody who found a letter can't choose in silence. Where the law
// keeps detail (registry.DetailPower) there is nothing to choose.
type Choices struct {
	Store  ChoiceStore
	Runner tx.Runner
	Clock  portal.Clock
}

// DetailLetter is the data of the letter that confirms a choice.
type DetailLetter struct {
	Chosen bool          `json:"chosen"` // false: withdrawn
	Energy portal.Energy `json:"energy"`
	EAN    string        `json:"ean"`    // masked (G12)
	Supply string        `json:"supply"` // street and town of the access point
	From   int64         `json:"from"`   // the first day kept finer, a DayNumber; 0 where withdrawn
}

// Choose keeps detail from tomorrow on, at most once a day: who withdrew today
// chooses again tomorrow, so that nobody fills a letter box. Conflict where the
// stay is over ("detail.over"), the law keeps it anyway ("detail.law"), or it
// is too soon ("detail.again"). Chosen already: nothing happens.
func (c *Choices) Choose(ctx context.Context, occupancyID, visitID string) error {
	return c.Runner.Do(ctx, func(t tx.Tx) error {
		now := c.Clock()
		point, stay, err := c.open(t, occupancyID, now)
		if err != nil {
			return err
		}
		if !stay.DetailFrom.IsZero() {
			return nil
		}
		if !stay.DetailEnded.IsZero() && DayNumber(stay.DetailEnded) == DayNumber(now) {
			return &portal.Error{Code: portal.Conflict, Key: "detail.again"}
		}
		if err := c.Store.PutChoice(t, stay.ID, now, stay.DetailEnded); err != nil {
			return err
		}
		stay.DetailFrom = now
		first, _ := Detail(point, stay, now)
		t.Record(choiceEntry(audit.DetailChosen, now, stay, map[string]string{"visit": visitID, "from": first.Format(time.DateOnly)}))
		return confirm(t, now, point, stay, DetailLetter{Chosen: true, From: DayNumber(first)})
	})
}

// Withdraw ends the choice at once. Conflict as for Choose; not chosen:
// nothing happens.
func (c *Choices) Withdraw(ctx context.Context, occupancyID, visitID string) error {
	return c.Runner.Do(ctx, func(t tx.Tx) error {
		now := c.Clock()
		point, stay, err := c.open(t, occupancyID, now)
		if err != nil || stay.DetailFrom.IsZero() {
			return err
		}
		days, err := c.end(t, stay, now)
		if err != nil {
			return err
		}
		t.Record(choiceEntry(audit.DetailWithdrawn, now, stay, map[string]string{"visit": visitID, "days": strconv.Itoa(days)}))
		return confirm(t, now, point, stay, DetailLetter{})
	})
}

// movesAtOnce is how many stays EndAfterMoves reads at a time.
const movesAtOnce = 100

// EndAfterMoves ends the choices of people who have moved out, one transaction
// each; a move learnt late is found like any other. It sends no letter.
func (c *Choices) EndAfterMoves(ctx context.Context) error {
	for {
		ids, err := c.Store.ChoicesOver(ctx, c.Clock(), movesAtOnce)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := c.endAfterMove(ctx, id); err != nil {
				return err
			}
		}
		if len(ids) < movesAtOnce {
			return nil
		}
	}
}

func (c *Choices) endAfterMove(ctx context.Context, id string) error {
	return c.Runner.Do(ctx, func(t tx.Tx) error {
		now := c.Clock()
		point, stay, err := c.Store.ChoiceOf(t, id)
		if err != nil || stay.DetailFrom.IsZero() || stay.To.IsZero() || now.Before(stay.To) {
			return err // withdrawn, or the move undone, meanwhile
		}
		days := 0
		if point.PowerVA < registry.DetailPower {
			days, err = c.end(t, stay, now)
		} else { // what the law keeps stays
			err = c.Store.PutChoice(t, stay.ID, time.Time{}, now)
		}
		if err != nil {
			return err
		}
		e := choiceEntry(audit.DetailEnded, now, stay, map[string]string{"days": strconv.Itoa(days)})
		e.Actor, e.Ground, e.Channel = portal.Actor{Kind: portal.System, ID: "moves"}, "move", "command"
		t.Record(e)
		return nil
	})
}

// open reads a stay that may choose now.
func (c *Choices) open(t tx.Tx, id string, now time.Time) (registry.AccessPoint, registry.Occupancy, error) {
	point, stay, err := c.Store.ChoiceOf(t, id)
	switch {
	case err != nil:
	case !stay.Contains(now):
		err = &portal.Error{Code: portal.Conflict, Key: "detail.over"}
	case point.PowerVA >= registry.DetailPower:
		err = &portal.Error{Code: portal.Conflict, Key: "detail.law"}
	}
	return point, stay, err
}

// end takes the choice back and makes each day since the stay began that is
// finer than a total, and that nobody else's choice keeps, into its total: also
// those after the stay, which were kept for it until the move was learnt (D3).
// The months stay as they are: they count totals. days counts those made
// coarser, of all registers.
func (c *Choices) end(t tx.Tx, stay registry.Occupancy, now time.Time) (days int, err error) {
	point, stays, _, err := c.Store.ReadingPoint(t, stay.EAN)
	if err != nil {
		return 0, err
	}
	for i := range stays {
		if stays[i].ID == stay.ID {
			stays[i].DetailFrom = time.Time{}
		}
	}
	rows, err := c.Store.ReadingDaysIn(t, stay.EAN, DayNumber(stay.From), DayNumber(now))
	if err != nil {
		return 0, err
	}
	var coarse []DayRow
	for _, r := range rows {
		day := Day{EAN: r.EAN, Register: r.Register, Date: DateOf(r.Day), Meter: r.Meter}
		if detailKept(point, stays, day.Date, now) {
			continue
		}
		if day.Values, day.Lost, err = Unpack(nil, r.Packed); err != nil {
			return 0, &portal.Error{Code: portal.Internal, Key: "internal", Err: err}
		}
		if len(day.Values) == 1 {
			continue
		}
		day = day.Daily()
		if r.Packed, err = AppendPacked(nil, day.Values, day.Lost); err != nil {
			return 0, &portal.Error{Code: portal.Internal, Key: "internal", Err: err}
		}
		coarse = append(coarse, r)
	}
	return len(coarse), errors.Join(c.Store.PutReadingDays(t, coarse), c.Store.PutChoice(t, stay.ID, time.Time{}, now))
}

func choiceEntry(action audit.Action, now time.Time, stay registry.Occupancy, details map[string]string) audit.Entry {
	return audit.Entry{At: now, Actor: portal.Actor{Kind: portal.Household}, Action: action, Ground: "reference",
		Channel: "web", Subject: "occupancy:" + stay.ID, Details: details}
}

// confirm queues the letter, in the language and to the address on record (L28).
func confirm(t tx.Tx, now time.Time, point registry.AccessPoint, stay registry.Occupancy, l DetailLetter) error {
	l.Energy, l.EAN, l.Supply = point.Energy, point.EAN.Masked(), point.Street+", "+point.Postcode+" "+point.Town
	data, err := json.Marshal(l)
	if err != nil {
		return &portal.Error{Code: portal.Internal, Key: "internal", Err: err}
	}
	t.Send(outbox.Letter{Kind: outbox.Detail, Language: stay.Language, QueuedAt: now, About: []string{stay.ID},
		To: outbox.Address{Name: stay.Name, Street: stay.Street, Postcode: stay.Postcode, Town: stay.Town}, Data: data})
	return nil
}
