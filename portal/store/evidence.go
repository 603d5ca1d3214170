package store

import (
	"context"
	"fmt"
	"time"

	"guichet/portal"
	"guichet/portal/evidence"
	"guichet/portal/keys"
	"guichet/portal/tx"
)

var _ evidence.Store = (*Store)(nil)

const selectEvidence = `SELECT e.id, e.subject, e.name, e.type, e.size, e.hash, e.status, e.added_us, e.added_by, e.settled_us, e.found FROM evidence e `

func scanEvidence(r scanner) (f evidence.File, err error) {
	var added, settled int64
	err = r.Scan(&f.ID, &f.Subject, &f.Name, &f.Type, &f.Size, &f.Hash, &f.Status, &added, &f.AddedBy, &settled, &f.Found)
	f.AddedAt, f.SettledAt = portal.FromMicros(added), portal.FromMicros(settled)
	return f, err
}

// PutEvidence implements evidence.Store.
func (s *Store) PutEvidence(t tx.Tx, f evidence.File, content []byte) error {
	u := inside(t)
	if _, err := u.exec(`INSERT INTO evidence (id, subject, name, type, size, hash, status, added_us, added_by, settled_us, found)
  VALUES `+values(1, 11), f.ID, f.Subject, f.Name, string(f.Type), f.Size, f.Hash, string(f.Status), portal.Micros(f.AddedAt), f.AddedBy,
		portal.Micros(f.SettledAt), f.Found); err != nil {
		return shut(err)
	}
	_, err := u.exec(`INSERT INTO evidence_content (evidence_id, sealed) VALUES ($1, $2)`, f.ID, s.ring.Seal(keys.ForEvidence, f.ID, content))
	return shut(err)
}

// LockEvidence implements evidence.Store.
func (s *Store) LockEvidence(t tx.Tx, id string) (evidence.File, error) {
	f, err := scanEvidence(inside(t).queryRow(selectEvidence+`WHERE e.id = $1`+s.lock, id))
	return f, nothing(err)
}

// SaveEvidence implements evidence.Store.
func (s *Store) SaveEvidence(t tx.Tx, f evidence.File) error {
	_, err := inside(t).exec(`UPDATE evidence SET status = $1, name = $2, settled_us = $3, found = $4 WHERE id = $5`,
		string(f.Status), f.Name, portal.Micros(f.SettledAt), f.Found, f.ID)
	return shut(err)
}

// DropEvidence implements evidence.Store.
func (s *Store) DropEvidence(t tx.Tx, id string) error {
	_, err := inside(t).exec(`DELETE FROM evidence_content WHERE evidence_id = $1`, id)
	return shut(err)
}

// Evidence implements evidence.Store.
func (s *Store) Evidence(ctx context.Context, subject, id string) (evidence.File, error) {
	f, err := scanEvidence(s.queryRow(ctx, selectEvidence+`WHERE e.id = $1 AND e.subject = $2`, id, subject))
	return f, nothing(err)
}

// EvidenceOf implements evidence.Store.
func (s *Store) EvidenceOf(ctx context.Context, subject string) ([]evidence.File, error) {
	rows, err := s.query(ctx, selectEvidence+`WHERE e.subject = $1 ORDER BY e.added_us, e.id`, subject)
	return all(rows, err, scanEvidence)
}

// EvidenceContent implements evidence.Store.
func (s *Store) EvidenceContent(ctx context.Context, id string) ([]byte, error) {
	var sealed []byte
	if err := s.queryRow(ctx, `SELECT sealed FROM evidence_content WHERE evidence_id = $1`, id).Scan(&sealed); err != nil {
		return nil, nothing(err)
	}
	content, err := s.ring.Open(keys.ForEvidence, id, sealed)
	if err != nil {
		return nil, portal.Shut("keys", fmt.Errorf("document %s does not open: %w", id, err))
	}
	return content, nil
}

// EvidenceWaiting implements evidence.Store.
func (s *Store) EvidenceWaiting(ctx context.Context, after string, limit int) ([]evidence.File, error) {
	rows, err := s.query(ctx, selectEvidence+`WHERE e.status = 'quarantined' AND e.id > $1 ORDER BY e.id LIMIT $2`, after, limit)
	return all(rows, err, scanEvidence)
}

// EvidenceOver implements evidence.Store. A mandate ends with the last of its
// granted lines, at its validity's end at the latest; one that was decided and
// grants nothing ended with the decision. A request ends when nobody's turn is next.
func (s *Store) EvidenceOver(ctx context.Context, ended time.Time, limit int) ([]evidence.File, error) {
	rows, err := s.query(ctx, selectEvidence+`JOIN mandates m ON e.subject = 'mandate:' || m.id
  WHERE e.status IN ('quarantined', 'clean', 'released') AND (m.valid_to_us < $1
    OR m.status = 'decided' AND m.decided_us < $1 AND NOT EXISTS (SELECT 1 FROM mandate_lines l
      WHERE l.mandate_id = m.id AND l.outcome = 'granted' AND (l.ended_as = '' OR l.ended_us >= $1)))
  UNION ALL `+selectEvidence+`JOIN works w ON e.subject = 'works:' || w.id
  WHERE e.status IN ('quarantined', 'clean', 'released') AND w.turn = 'nobody' AND w.since_us < $1
  ORDER BY 1 LIMIT $2`, portal.Micros(ended), limit)
	return all(rows, err, scanEvidence)
}

// lookedBack is how far back files without a request are looked for: what is
// older was found by an earlier run.
const lookedBack = 30 * 24 * time.Hour

// EvidenceAbandoned implements evidence.Store.
func (s *Store) EvidenceAbandoned(ctx context.Context, came time.Time, limit int) ([]evidence.File, error) {
	rows, err := s.query(ctx, selectEvidence+`WHERE e.added_us >= $1 AND e.added_us < $2 AND e.subject LIKE 'works:%'
  AND e.status IN ('quarantined', 'clean', 'released') AND NOT EXISTS (SELECT 1 FROM works_papers p WHERE p.evidence_id = e.id)
  ORDER BY e.added_us, e.id LIMIT $3`, portal.Micros(came.Add(-lookedBack)), portal.Micros(came), limit)
	return all(rows, err, scanEvidence)
}
