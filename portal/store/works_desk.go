package store

import (
	"context"
	"encoding/json"
	"time"

	"guichet/portal"
	"guichet/portal/tx"
	"guichet/works"
)

// LockWorksKey implements works.Ledger.
func (s *Store) LockWorksKey(t tx.Tx, key string) (works.Request, error) {
	r, err := worksRow(inside(t).queryRow(selectWorks+`key = $1`+s.lock, key))
	return r, nothing(err)
}

const worksExternal = `external_id = $1 AND external_id <> ''`

// LockWorksExternal implements works.Store.
func (s *Store) LockWorksExternal(t tx.Tx, external string) (works.Request, error) {
	r, err := worksRow(inside(t).queryRow(selectWorks+worksExternal+s.lock, external))
	return r, nothing(err)
}

// WorksByKey implements desk.WorksStore.
func (s *Store) WorksByKey(ctx context.Context, key string) (id string, err error) {
	err = s.queryRow(ctx, `SELECT id FROM works WHERE key = $1`, key).Scan(&id)
	return id, nothing(err)
}

// WorksBlocked implements desk.WorksStore.
func (s *Store) WorksBlocked(ctx context.Context, key string) (bool, error) {
	var n int
	err := s.queryRow(ctx, `SELECT COUNT(*) FROM lookup_counters WHERE key = $1 AND blocked_us > 0`, key).Scan(&n)
	return n > 0, shut(err)
}

const (
	worksPaymentColumns = `id, entry_us, value_us, cents, bank, communication, text, file, state, wait, request_id, at_us, actor_kind, actor_id, reason`
	selectWorksPayments = `SELECT ` + worksPaymentColumns + ` FROM works_payments WHERE `
)

// PutWorksPayment implements works.Ledger.
func (s *Store) PutWorksPayment(t tx.Tx, b works.Booking) (bool, error) {
	n, err := inside(t).exec(`INSERT INTO works_payments (`+worksPaymentColumns+`) VALUES `+values(1, 15)+` ON CONFLICT (id) DO NOTHING`,
		b.ID, portal.Micros(b.Entry), portal.Micros(b.Value), b.Cents, b.Reference, string(b.Communication), b.Text, b.File, string(b.State), string(b.Wait),
		b.RequestID, portal.Micros(b.At), string(b.By.Kind), b.By.ID, b.Reason)
	return n == 1, err
}

func worksPayment(r scanner) (b works.Booking, err error) {
	var entry, value, at int64
	err = r.Scan(&b.ID, &entry, &value, &b.Cents, &b.Reference, &b.Communication, &b.Text, &b.File, &b.State, &b.Wait, &b.RequestID, &at,
		&b.By.Kind, &b.By.ID, &b.Reason)
	b.Entry, b.Value, b.At = portal.FromMicros(entry), portal.FromMicros(value), portal.FromMicros(at)
	return b, err
}

// LockWorksPayment implements works.Ledger.
func (s *Store) LockWorksPayment(t tx.Tx, id string) (works.Booking, error) {
	b, err := worksPayment(inside(t).queryRow(selectWorksPayments+`id = $1`+s.lock, id))
	return b, nothing(err)
}

// SaveWorksPayment implements works.Ledger.
func (s *Store) SaveWorksPayment(t tx.Tx, b works.Booking) error {
	_, err := inside(t).exec(`UPDATE works_payments SET state = $1, wait = $2, request_id = $3, at_us = $4, actor_kind = $5, actor_id = $6, reason = $7
  WHERE id = $8`, string(b.State), string(b.Wait), b.RequestID, portal.Micros(b.At), string(b.By.Kind), b.By.ID, b.Reason, b.ID)
	return err
}

// FreeWorksPayments implements works.Ledger.
func (s *Store) FreeWorksPayments(t tx.Tx, requestID string) error {
	_, err := inside(t).exec(`UPDATE works_payments SET state = $1, wait = $2 WHERE request_id = $3 AND state = $4`,
		string(works.Waiting), string(works.WaitOver), requestID, string(works.Booked))
	return err
}

// WorksPaymentsWaiting implements works.Ledger.
func (s *Store) WorksPaymentsWaiting(ctx context.Context, after works.Place, limit int) ([]works.Booking, error) {
	rows, err := s.query(ctx, selectWorksPayments+`state = 'waiting' AND (entry_us, id) > ($1, $2) ORDER BY entry_us, id LIMIT $3`,
		portal.Micros(after.At), after.ID, limit)
	return all(rows, err, worksPayment)
}

// WorksPayments implements works.Ledger.
func (s *Store) WorksPayments(ctx context.Context, requestID string) ([]works.Booking, error) {
	rows, err := s.query(ctx, selectWorksPayments+`request_id = $1 AND request_id <> '' ORDER BY entry_us, id`, requestID)
	return all(rows, err, worksPayment)
}

// NetworkUser implements works.Register: the register's own rows, never a
// request's (W16).
func (s *Store) NetworkUser(t tx.Tx, ean portal.EAN, at time.Time) (name string, supplyFrom time.Time, err error) {
	const now = ` WHERE ean = $1 AND from_us <= $2 AND (to_us = 0 OR to_us > $2)`
	var from int64
	u, args := inside(t), []any{string(ean), portal.Micros(at)}
	if err = u.queryRow(`SELECT name FROM occupancies`+now, args...).Scan(&name); err == nil {
		err = u.queryRow(`SELECT from_us FROM supplies`+now, args...).Scan(&from)
	}
	if err = nothing(err); portal.CodeOf(err) == portal.NotFound {
		err = nil
	}
	return name, portal.FromMicros(from), err
}

// PutWorksAsset implements works.Register.
func (s *Store) PutWorksAsset(t tx.Tx, a works.Asset) error {
	facts, err := json.Marshal(a.Values)
	if err != nil {
		return err
	}
	_, err = inside(t).exec(`INSERT INTO works_assets (id, request_id, made_us, kind, energy, ean, done_us, facts, network_user, supply_from_us)
  VALUES `+values(1, 10), a.ID, a.RequestID, portal.Micros(a.MadeAt), string(a.Kind), string(a.Energy), string(a.EAN), portal.Micros(a.DoneAt),
		string(facts), a.NetworkUser, portal.Micros(a.SupplyFrom))
	return err
}

// WorksAsset implements works.Register.
func (s *Store) WorksAsset(ctx context.Context, requestID string) (a works.Asset, err error) {
	var made, done, from int64
	var facts string
	err = s.queryRow(ctx, `SELECT id, request_id, made_us, kind, energy, ean, done_us, facts, network_user, supply_from_us FROM works_assets
  WHERE request_id = $1 ORDER BY made_us DESC LIMIT 1`, requestID).Scan(&a.ID, &a.RequestID, &made, &a.Kind, &a.Energy, &a.EAN, &done, &facts, &a.NetworkUser, &from)
	if err != nil {
		return a, nothing(err)
	}
	a.MadeAt, a.DoneAt, a.SupplyFrom = portal.FromMicros(made), portal.FromMicros(done), portal.FromMicros(from)
	err = json.Unmarshal([]byte(facts), &a.Values)
	return a, err
}
