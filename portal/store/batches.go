package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"guichet/mandates/batch"
	"guichet/portal"
	"guichet/portal/tx"
)

var _ batch.Store = (*Store)(nil)

const batchColumns = `b.id, b.partner_id, b.actor, b.grain, b.from_us, b.to_us, b.made_us, b.done_us`

func batchRow(r scanner, beside ...any) (b batch.Batch, err error) {
	var from, to, made, done int64
	err = r.Scan(append([]any{&b.ID, &b.PartnerID, &b.Actor, &b.Grain, &from, &to, &made, &done}, beside...)...)
	b.From, b.To = portal.FromMicros(from), portal.FromMicros(to)
	b.MadeAt, b.DoneAt = portal.FromMicros(made), portal.FromMicros(done)
	return b, err
}

// PutBatch implements batch.Store.
func (s *Store) PutBatch(t tx.Tx, b batch.Batch, lines []batch.Line, mandateID string) (int, error) {
	u := inside(t)
	if _, err := u.exec(`INSERT INTO batches (id, partner_id, actor, grain, from_us, to_us, made_us, worked_us, done_us)
  VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0)`, b.ID, b.PartnerID, b.Actor, string(b.Grain), portal.Micros(b.From), portal.Micros(b.To),
		portal.Micros(b.MadeAt)); err != nil {
		return 0, err
	}
	if mandateID != "" {
		n, err := u.exec(`INSERT INTO batch_lines (batch_id, place, mandate_id, ean, outcome, entry, result)
  SELECT $1, l.place, l.mandate_id, l.ean, '', '', $2 FROM mandate_lines l JOIN mandates m ON m.id = l.mandate_id
  WHERE m.id BETWEEN $3 AND $3 AND m.partner_id = $4`, b.ID, []byte{}, mandateID, b.PartnerID)
		return int(n), err
	}
	return len(lines), put(u, `INSERT INTO batch_lines (batch_id, place, mandate_id, ean, outcome, entry, result)`, 7, "", lines, func(l batch.Line) []any {
		return []any{b.ID, l.Place, l.Mandate, string(l.EAN), "", "", []byte{}}
	})
}

// BatchesWaiting implements batch.Store.
func (s *Store) BatchesWaiting(t tx.Tx, partnerID string) (n int, err error) {
	err = inside(t).queryRow(`SELECT COUNT(*) FROM batches WHERE partner_id = $1 AND done_us = 0`, partnerID).Scan(&n)
	return n, shut(err)
}

// PartnerBatch implements batch.Store. BETWEEN leads the search through the index
// that begins with the partner: by its id alone another's row would be found and
// read, which takes longer than finding none (L10; guichet bench --timing).
func (s *Store) PartnerBatch(ctx context.Context, partnerID, id string) (b batch.Batch, p batch.Progress, err error) {
	b, err = batchRow(s.queryRow(ctx, `SELECT `+batchColumns+`,
  (SELECT COUNT(*) FROM batch_lines l WHERE l.batch_id = b.id),
  (SELECT COUNT(*) FROM batch_lines l WHERE l.batch_id = b.id AND l.outcome <> ''),
  (SELECT COUNT(*) FROM batch_lines l WHERE l.batch_id = b.id AND l.outcome = 'delivered')
  FROM batches b WHERE b.id BETWEEN $1 AND $1 AND b.partner_id = $2`, id, partnerID), &p.Lines, &p.Worked, &p.Delivered)
	return b, p, nothing(err)
}

// Batches implements batch.Store.
func (s *Store) Batches(ctx context.Context, partnerID, before string, limit int) ([]batch.Batch, error) {
	rows, err := s.query(ctx, `SELECT `+batchColumns+` FROM batches b WHERE b.partner_id = $1 AND (b.id < $2 OR $2 = '')
  ORDER BY b.id DESC LIMIT $3`, partnerID, before, limit)
	return all(rows, err, func(r scanner) (batch.Batch, error) { return batchRow(r) })
}

func batchLine(r scanner) (l batch.Line, err error) {
	err = r.Scan(&l.Place, &l.Mandate, &l.EAN, &l.Outcome, &l.Entry, &l.Result)
	return l, err
}

// BatchLines implements batch.Store.
func (s *Store) BatchLines(ctx context.Context, id string, after int64, limit int) ([]batch.Line, error) {
	rows, err := s.query(ctx, `SELECT place, mandate_id, ean, outcome, entry, result FROM batch_lines
  WHERE batch_id = $1 AND place > $2 ORDER BY place LIMIT $3`, id, after, limit)
	return all(rows, err, batchLine)
}

// BatchWork implements batch.Store.
func (s *Store) BatchWork(ctx context.Context, id string, limit int) ([]batch.Line, error) {
	rows, err := s.query(ctx, `SELECT place, mandate_id, ean, outcome, entry, result FROM batch_lines
  WHERE batch_id = $1 AND outcome = '' ORDER BY place LIMIT $2`, id, limit)
	return all(rows, err, batchLine)
}

// TakeBatch implements batch.Store.
func (s *Store) TakeBatch(t tx.Tx, now, until time.Time) (batch.Batch, bool, error) {
	u := inside(t)
	b, err := batchRow(u.queryRow(`SELECT `+batchColumns+` FROM batches b WHERE b.done_us = 0 AND b.worked_us <= $1
  ORDER BY b.id LIMIT 1`+s.lock, portal.Micros(now)))
	if errors.Is(err, sql.ErrNoRows) {
		return b, false, nil
	}
	if err != nil {
		return b, false, shut(err)
	}
	_, err = u.exec(`UPDATE batches SET worked_us = $1 WHERE id = $2`, portal.Micros(until), b.ID)
	return b, true, err
}

// HoldBatch implements batch.Store.
func (s *Store) HoldBatch(t tx.Tx, id string, held, until time.Time) (bool, error) {
	n, err := inside(t).exec(`UPDATE batches SET worked_us = $1 WHERE id = $2 AND worked_us = $3 AND done_us = 0`,
		portal.Micros(until), id, portal.Micros(held))
	return n > 0, err
}

// DropBatchHolds implements batch.Store.
func (s *Store) DropBatchHolds(t tx.Tx) error {
	_, err := inside(t).exec(`UPDATE batches SET worked_us = 0 WHERE done_us = 0`)
	return err
}

// SaveBatchLine implements batch.Store.
func (s *Store) SaveBatchLine(t tx.Tx, id string, l batch.Line) error {
	if l.Result == nil {
		l.Result = []byte{}
	}
	n, err := inside(t).exec(`UPDATE batch_lines SET outcome = $1, entry = $2, result = $3 WHERE batch_id = $4 AND place = $5 AND outcome = ''`,
		l.Outcome, l.Entry, l.Result, id, l.Place)
	if err == nil && n == 0 {
		err = &portal.Error{Code: portal.Conflict, Key: "batch.line"}
	}
	return err
}

// EndBatch implements batch.Store.
func (s *Store) EndBatch(t tx.Tx, id string, now time.Time) error {
	n, err := inside(t).exec(`UPDATE batches SET done_us = $1 WHERE id = $2 AND done_us = 0`, portal.Micros(now), id)
	if err == nil && n == 0 {
		err = &portal.Error{Code: portal.Conflict, Key: "batch.done"}
	}
	return err
}

// ForgetBatches implements batch.Store.
func (s *Store) ForgetBatches(t tx.Tx, before time.Time, limit int) (int, error) {
	u := inside(t)
	rows, err := u.query(`SELECT id FROM batches WHERE made_us < $1 ORDER BY made_us LIMIT $2`, portal.Micros(before), limit)
	ids, err := all(rows, err, func(r scanner) (id string, err error) { return id, r.Scan(&id) })
	for _, id := range ids {
		if _, err := u.exec(`DELETE FROM batch_lines WHERE batch_id = $1`, id); err != nil {
			return 0, err
		}
		if _, err := u.exec(`DELETE FROM batches WHERE id = $1`, id); err != nil {
			return 0, err
		}
	}
	return len(ids), err
}
