package store

import (
	"guichet/portal"
	"guichet/portal/tx"
	"guichet/works"
)

// DatedWorks is a request with its steps.
type DatedWorks struct {
	works.Request
	Steps []works.Step
}

// LoadWorks adds many requests at once, with their steps: another system's
// before this one serves, or those that guichet bench measures among. It records
// nothing: whoever loads says so.
func (s *Store) LoadWorks(t tx.Tx, list []DatedWorks) error {
	u := inside(t)
	rows := make([][]any, len(list))
	type step struct {
		works.Step
		of    string
		place int
	}
	var steps []step
	for i, r := range list {
		var err error
		if rows[i], err = newWorks(r.Request); err != nil {
			return err
		}
		for n, one := range r.Steps {
			steps = append(steps, step{one, r.ID, n + 1})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	if err := put(u, insertWorks, len(rows[0]), "", rows, func(row []any) []any { return row }); err != nil {
		return err
	}
	return put(u, `INSERT INTO works_steps (request_id, place, at_us, event, from_status, to_status, phase, actor_kind, actor_id, reason)`, 10, "", steps,
		func(one step) []any {
			return []any{one.of, one.place, portal.Micros(one.At), string(one.Event), string(one.From), string(one.To), string(one.Phase),
				string(one.By.Kind), one.By.ID, one.Reason}
		})
}
