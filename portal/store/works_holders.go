package store

import (
	"context"
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/tx"
	"guichet/works"
)

// PutWorksHolder implements works.Holders. The request's row is locked.
func (s *Store) PutWorksHolder(t tx.Tx, requestID string, h works.Holder) error {
	_, err := inside(t).exec(`INSERT INTO works_holds (request_id, place, company, way, since_us, ended_us, ended_kind, ended_id)
  SELECT $1, COALESCE(MAX(place), 0) + 1, $2, $3, $4, 0, '', '' FROM works_holds WHERE request_id = $1`, requestID, h.Company, string(h.Way), portal.Micros(h.Since))
	return err
}

// EndWorksHolder implements works.Holders.
func (s *Store) EndWorksHolder(t tx.Tx, requestID, company string, at time.Time, by portal.Actor) (bool, error) {
	n, err := inside(t).exec(`UPDATE works_holds SET ended_us = $1, ended_kind = $2, ended_id = $3 WHERE request_id = $4 AND company = $5 AND ended_us = 0`,
		portal.Micros(at), string(by.Kind), by.ID, requestID, company)
	return n == 1, err
}

const selectWorksHolders = `SELECT company, way, since_us, ended_us, ended_kind, ended_id FROM works_holds WHERE request_id = $1 ORDER BY place`

func worksHolder(r scanner) (h works.Holder, err error) {
	var since, ended int64
	err = r.Scan(&h.Company, &h.Way, &since, &ended, &h.EndedBy.Kind, &h.EndedBy.ID)
	h.Since, h.EndedAt = portal.FromMicros(since), portal.FromMicros(ended)
	return h, err
}

// WorksHolders implements works.Holders.
func (s *Store) WorksHolders(ctx context.Context, requestID string) ([]works.Holder, error) {
	rows, err := s.query(ctx, selectWorksHolders, requestID)
	return all(rows, err, worksHolder)
}

// LockWorksHolders implements works.Holders. The request's row is locked.
func (s *Store) LockWorksHolders(t tx.Tx, requestID string) ([]works.Holder, error) {
	rows, err := inside(t).query(selectWorksHolders, requestID)
	return all(rows, err, worksHolder)
}

// worksOf are an installer's requests: those it made and those it holds, each
// from an index of its own. $1 is the partner, $2 the company.
const worksOf = `SELECT id FROM works WHERE partner_id = $1 AND partner_id <> '' UNION SELECT request_id FROM works_holds WHERE company = $2 AND ended_us = 0`

// WorksOf implements works.Holders.
func (s *Store) WorksOf(ctx context.Context, of works.Installer, f works.Sought, after works.Place, limit int) ([]works.Request, error) {
	at := portal.Micros(after.At)
	if after.At.IsZero() && after.ID != "" {
		at = noDue
	}
	where, args := `id IN (`+worksOf+`) AND (due_us, id) > ($3, $4)`, []any{of.PartnerID, of.Company, at, after.ID}
	narrow := func(condition string, value any) {
		args = append(args, value)
		where += condition + strconv.Itoa(len(args))
	}
	if f.Turn != "" {
		narrow(` AND CASE turn WHEN '`+unread+`' THEN 'requester' ELSE turn END = $`, string(f.Turn))
	}
	if f.Status != "" {
		narrow(` AND status = $`, string(f.Status))
	}
	if !f.Due.IsZero() {
		narrow(` AND due_us < $`, portal.Micros(f.Due))
	}
	narrow(` ORDER BY due_us, id LIMIT $`, limit)
	return s.worksWhere(ctx, where, args...)
}

// Both halves are looked up whatever is there, so that another's request takes no
// longer to refuse than nobody's (L10); BETWEEN as in PartnerBatch.
const worksIsOf = `SELECT (SELECT COUNT(*) FROM works WHERE id BETWEEN $3 AND $3 AND partner_id = $1 AND partner_id <> '')
  + (SELECT COUNT(*) FROM works_holds WHERE request_id = $3 AND company = $2 AND ended_us = 0)`

// WorksIsOf implements works.Holders.
func (s *Store) WorksIsOf(ctx context.Context, of works.Installer, requestID string) (bool, error) {
	var n int
	err := s.queryRow(ctx, worksIsOf, of.PartnerID, of.Company, requestID).Scan(&n)
	return n > 0, shut(err)
}

// LockWorksIsOf implements works.Holders.
func (s *Store) LockWorksIsOf(t tx.Tx, of works.Installer, requestID string) (bool, error) {
	var n int
	err := inside(t).queryRow(worksIsOf, of.PartnerID, of.Company, requestID).Scan(&n)
	return n > 0, shut(err)
}
