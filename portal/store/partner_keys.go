package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/tx"
)

const keyColumns = `k.id, k.partner_id, k.name, k.scopes, k.made_us, k.made_by, k.expires_us, k.ended_us, k.used_us, k.certificate`

type keyTimes struct {
	scopes                     string
	made, expires, ended, used int64
}

func keyDest(k *partner.Key, at *keyTimes) []any {
	return []any{&k.ID, &k.PartnerID, &k.Name, &at.scopes, &at.made, &k.MadeBy, &at.expires, &at.ended, &at.used, &k.Certificate}
}

func (at keyTimes) put(k *partner.Key) {
	for _, one := range strings.Split(at.scopes, ",") {
		k.Scopes = append(k.Scopes, partner.Scope(one))
	}
	k.MadeAt, k.ExpiresAt = portal.FromMicros(at.made), portal.FromMicros(at.expires)
	k.EndedAt, k.UsedAt = portal.FromMicros(at.ended), portal.FromMicros(at.used)
}

// PutKey implements partner.Store.
func (s *Store) PutKey(t tx.Tx, k partner.Key, hash string) error {
	scopes := make([]string, len(k.Scopes))
	for i, one := range k.Scopes {
		scopes[i] = string(one)
	}
	_, err := inside(t).exec(`INSERT INTO partner_keys (id, partner_id, name, hash, scopes, made_us, made_by, expires_us, ended_us, used_us, certificate)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, $9)`, k.ID, k.PartnerID, k.Name, hash, strings.Join(scopes, ","),
		portal.Micros(k.MadeAt), k.MadeBy, portal.Micros(k.ExpiresAt), k.Certificate)
	return shut(err)
}

// EndKey implements partner.Store.
func (s *Store) EndKey(t tx.Tx, partnerID, id string, now time.Time) (bool, error) {
	n, err := inside(t).exec(`UPDATE partner_keys SET ended_us = $1 WHERE id = $2 AND partner_id = $3 AND ended_us = 0`,
		portal.Micros(now), id, partnerID)
	return n > 0, shut(err)
}

// Keys implements partner.Store.
func (s *Store) Keys(ctx context.Context, partnerID string) ([]partner.Key, error) {
	rows, err := s.query(ctx, `SELECT `+keyColumns+` FROM partner_keys k WHERE k.partner_id = $1 ORDER BY k.made_us DESC, k.id DESC`, partnerID)
	return all(rows, err, func(r scanner) (k partner.Key, err error) {
		var at keyTimes
		err = r.Scan(keyDest(&k, &at)...)
		at.put(&k)
		return k, err
	})
}

// KeyByHash implements partner.Store. BETWEEN leads to the index of keys in force:
// one that ended is not read before it is refused.
func (s *Store) KeyByHash(ctx context.Context, hash string, now time.Time) (k partner.Key, o partner.Organisation, found bool, err error) {
	var at keyTimes
	o, err = partnerRow(s.queryRow(ctx, `SELECT `+keyColumns+`, `+partnerColumns+`
  FROM partner_keys k JOIN partners o ON o.id = k.partner_id
  WHERE k.hash BETWEEN $1 AND $1 AND k.ended_us = 0 AND k.expires_us > $2 AND o.status = 'approved'`, hash, portal.Micros(now)), keyDest(&k, &at)...)
	if errors.Is(err, sql.ErrNoRows) {
		return partner.Key{}, partner.Organisation{}, false, nil
	}
	at.put(&k)
	return k, o, err == nil, shut(err)
}

// UseKey implements partner.Store.
func (s *Store) UseKey(t tx.Tx, id string, now time.Time) error {
	_, err := inside(t).exec(`UPDATE partner_keys SET used_us = $1 WHERE id = $2`, portal.Micros(now), id)
	return shut(err)
}
