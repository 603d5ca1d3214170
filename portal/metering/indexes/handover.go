package indexes

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

// Line is a reading of a hand-over file, with where it was taken.
type Line struct {
	Entry
	EAN         portal.EAN
	MeterNumber string
}

// Handover gives readings to the operator's reading and validation service and
// takes back what became of them.
type Handover struct {
	Ledger Ledger
	Runner tx.Runner
	Clock  portal.Clock
	// Progress, where set, hears how many of how many decisions are done; it
	// must only draw.
	Progress func(done, total int)
}

func (h *Handover) actor(name string) portal.Actor {
	return portal.Actor{Kind: portal.System, ID: name}
}

// Take hands over what is ready, once: a second call gives the same reading
// no second time. batch is "" where nothing was ready. Each occupancy's trail
// tells that its readings left.
func (h *Handover) Take(ctx context.Context) (batch string, lines []Line, err error) {
	err = h.Runner.Do(ctx, func(t tx.Tx) error {
		now := h.Clock()
		id := portal.NewID(now)
		if err := h.Ledger.HandOver(t, id); err != nil {
			return err
		}
		taken, err := h.Ledger.BatchIn(t, id)
		if err != nil {
			return err
		}
		batch, lines = "", taken
		if len(taken) == 0 {
			return nil
		}
		batch = id
		told := map[string]bool{}
		for _, l := range taken {
			if told[l.OccupancyID+l.WindowID] {
				continue
			}
			told[l.OccupancyID+l.WindowID] = true
			t.Record(audit.Entry{At: now, Actor: h.actor("export readings"), Action: audit.ReadingsSent, Ground: "reading",
				Channel: "command", Subject: "occupancy:" + l.OccupancyID, Details: map[string]string{"batch": id, "window": l.WindowID}})
		}
		return nil
	})
	return batch, lines, err
}

// Again gives a batch once more, the same lines; NotFound where there is none.
// The trail tells it.
func (h *Handover) Again(ctx context.Context, batch string) ([]Line, error) {
	lines, err := h.Ledger.Batch(ctx, batch)
	if err != nil {
		return nil, err
	}
	if batch == "" || len(lines) == 0 {
		return nil, &portal.Error{Code: portal.NotFound, Key: "not_found"}
	}
	return lines, h.tell(ctx, map[string]string{"batch": batch, "again": "true", "readings": strconv.Itoa(len(lines))})
}

// Waiting gives the readings that a person must look at before they can be
// handed over; it changes nothing but the trail.
func (h *Handover) Waiting(ctx context.Context) ([]Line, error) {
	lines, err := h.Ledger.Waiting(ctx)
	if err != nil || len(lines) == 0 {
		return nil, err
	}
	return lines, h.tell(ctx, map[string]string{"to-check": "true", "readings": strconv.Itoa(len(lines))})
}

func (h *Handover) tell(ctx context.Context, details map[string]string) error {
	return h.Runner.Do(ctx, func(t tx.Tx) error {
		t.Record(audit.Entry{At: h.Clock(), Actor: h.actor("export readings"), Action: audit.ReadingsSent, Ground: "reading",
			Channel: "command", Details: details})
		return nil
	})
}

// Columns of a hand-over file. A new one goes last: readers go by name.
var Columns = []string{"batch", "reading", "ean", "meter", "register", "date", "value", "unit", "consumed", "check", "finding", "round", "by", "entered"}

// WriteLines writes a hand-over file: UTF-8, semicolons, a header, one reading
// a line; whole units, dates YYYY-MM-DD in Brussels, instants RFC 3339 UTC. The
// same lines give the same bytes. No cell can be taken for a formula.
func WriteLines(w io.Writer, lines []Line) error {
	out := csv.NewWriter(w)
	out.Comma = ';'
	if err := out.Write(Columns); err != nil {
		return err
	}
	for _, l := range lines {
		by := "customer"
		if l.Who == portal.System {
			by = "estimate"
		}
		if err := out.Write([]string{l.Batch, l.ID, string(l.EAN), inert(l.MeterNumber), string(l.Register), l.On.Format(time.DateOnly),
			strconv.FormatInt(l.Value, 10), l.Register.Unit(), strconv.FormatInt(l.Consumed, 10), l.check(), string(l.Finding),
			strconv.Itoa(l.Round), by, l.At.UTC().Format(time.RFC3339)}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// check is the word of the rules on a reading, or of the colleague who decided
// it, whatever became of it since.
func (l Line) check() string {
	switch s := l.Finding.Status(); {
	case l.DecidedBy != "" && l.Noted() != l.Value:
		return "corrected"
	case l.DecidedBy != "" && l.Refusal == "":
		return "released"
	case s == Received:
		return "validated"
	default:
		return string(s)
	}
}

func inert(s string) string {
	if s != "" && (s[0] == '=' || s[0] == '+' || s[0] == '-' || s[0] == '@') {
		return "'" + s
	}
	return s
}

// Decision is what the validation service made of one reading.
type Decision struct {
	ID     string
	Status Status // Validated or Corrected
	Value  int64  // where corrected
	line   int
}

// Settlement is what a file of decisions changes, or would.
type Settlement struct {
	Validated int                  `json:"validated"`
	Corrected int                  `json:"corrected"`
	Unchanged int                  `json:"unchanged"`
	Refused   []registry.LineError `json:"refused"`
	Recorded  bool                 `json:"recorded"`
}

// errKeepNothing rolls back what was only looked at.
var errKeepNothing = errors.New("keep nothing")

// Settle writes decisions, all or nothing; again, it changes nothing. Readings
// that were sent, estimated, to check or held can be decided, one that is
// only received must be handed over first.
func (h *Handover) Settle(ctx context.Context, decisions []Decision, name string, dryRun bool) (Settlement, error) {
	var s Settlement
	err := h.Runner.Do(ctx, func(t tx.Tx) error {
		s = Settlement{}
		now := h.Clock()
		ids := make([]string, len(decisions))
		for i, d := range decisions {
			ids[i] = d.ID
		}
		known := map[string]Entry{}
		for start := 0; start < len(ids); start += 500 {
			list, err := h.Ledger.EntriesByID(t, ids[start:min(start+500, len(ids))])
			if err != nil {
				return err
			}
			for _, e := range list {
				known[e.ID] = e
			}
		}
		var settled []Entry
		for i, d := range decisions {
			if h.Progress != nil && i%256 == 0 {
				h.Progress(i, len(decisions))
			}
			e, found := known[d.ID]
			switch {
			case !found:
				s.Refused = append(s.Refused, registry.LineError{Line: d.line, Column: "reading", Reason: "no reading has this id"})
			case e.Status == Refused:
				s.Refused = append(s.Refused, registry.LineError{Line: d.line, Column: "reading", Reason: "was refused at the desk"})
			case e.Status == Corrected && d.Status == Validated && e.DecidedBy != "":
				s.Unchanged++ // what the desk corrected was found right
			case e.Status == d.Status && (d.Status == Validated || e.Final == d.Value):
				s.Unchanged++
			case e.Status == Received:
				s.Refused = append(s.Refused, registry.LineError{Line: d.line, Column: "reading", Reason: "has not been handed over yet"})
			default:
				if e.Status, e.Final, e.SettledAt = d.Status, d.Value, now; d.Status == Validated {
					s.Validated++
				} else {
					s.Corrected++
				}
				known[d.ID] = e
				settled = append(settled, e)
			}
		}
		if s.Recorded = len(settled) > 0; dryRun || len(s.Refused) > 0 {
			s.Recorded = false
			return errKeepNothing
		}
		for _, e := range settled {
			t.Record(audit.Entry{At: now, Actor: h.actor("import validations"), Action: audit.ReadingSettled, Ground: "reading",
				Channel: "command", Subject: "occupancy:" + e.OccupancyID,
				Details: map[string]string{"reading": e.ID, "status": string(e.Status), "file": name}})
		}
		return h.Ledger.Settle(t, settled)
	})
	if errors.Is(err, errKeepNothing) {
		err = nil
	}
	return s, err
}
