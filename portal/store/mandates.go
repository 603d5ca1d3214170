package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"guichet/mandates"
	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

var _ mandates.Store = (*Store)(nil)

// PutMandate implements mandates.Store.
func (s *Store) PutMandate(t tx.Tx, m mandates.Mandate) error {
	u := inside(t)
	if _, err := u.exec(`INSERT INTO mandates (id, partner_id, renews, created_us, written_by, agreed_us, name, company_number, capacity, signed_by,
  street, postcode, town, language, kinds, data_from_us, data_to_us, valid_from_us, valid_to_us, purpose, once,
  status, version, text, reason, given_us, decided_us, signature)
  VALUES `+values(1, 28), append([]any{m.ID, m.PartnerID, m.Renews, portal.Micros(m.CreatedAt), m.WrittenBy, portal.Micros(m.AgreedAt)}, changing(m)...)...); err != nil {
		return err
	}
	return putLines(u, m)
}

// changing are the columns that SaveMandate writes too, in one order.
func changing(m mandates.Mandate) []any {
	kinds := make([]string, len(m.Scope.Kinds))
	for i, k := range m.Scope.Kinds {
		kinds[i] = string(k)
	}
	who, scope := m.Mandator, m.Scope
	return []any{who.Name, who.CompanyNumber, string(who.Capacity), who.SignedBy, who.Street, who.Postcode, who.Town, string(m.Language),
		strings.Join(kinds, ","), portal.Micros(scope.Data.From), portal.Micros(scope.Data.To),
		portal.Micros(scope.Validity.From), portal.Micros(scope.Validity.To), scope.Purpose, scope.Once,
		string(m.Status), m.Version, m.Text, m.Reason, portal.Micros(m.GivenAt), portal.Micros(m.DecidedAt), string(m.Signature)}
}

// SaveMandate implements mandates.Store.
func (s *Store) SaveMandate(t tx.Tx, m mandates.Mandate) error {
	_, err := inside(t).exec(`UPDATE mandates SET name = $1, company_number = $2, capacity = $3, signed_by = $4,
  street = $5, postcode = $6, town = $7, language = $8, kinds = $9, data_from_us = $10, data_to_us = $11,
  valid_from_us = $12, valid_to_us = $13, purpose = $14, once = $15,
  status = $16, version = $17, text = $18, reason = $19, given_us = $20, decided_us = $21, signature = $22
  WHERE id = $23`, append(changing(m), m.ID)...)
	return err
}

func putLines(u *unit, m mandates.Mandate) error {
	place := 0
	return put(u, `INSERT INTO mandate_lines (mandate_id, place, ean, outcome, reason, occupancy_id, granted_us, proven,
  letter_id, confirmed_us, ended_us, ended_as, delivered_us)`, 13, "", m.Lines, func(l mandates.Line) []any {
		place++
		return []any{m.ID, place, string(l.EAN), string(l.Outcome), l.Reason, l.OccupancyID, portal.Micros(l.GrantedAt), l.Proven,
			l.LetterID, portal.Micros(l.ConfirmedAt), portal.Micros(l.EndedAt), string(l.End), portal.Micros(l.DeliveredAt)}
	})
}

// ReplaceMandateLines implements mandates.Store.
func (s *Store) ReplaceMandateLines(t tx.Tx, m mandates.Mandate) error {
	u := inside(t)
	if _, err := u.exec(`DELETE FROM mandate_lines WHERE mandate_id = $1`, m.ID); err != nil {
		return err
	}
	return putLines(u, m)
}

// SaveMandateLine implements mandates.Store.
func (s *Store) SaveMandateLine(t tx.Tx, mandateID string, l mandates.Line) error {
	_, err := inside(t).exec(`UPDATE mandate_lines SET outcome = $1, reason = $2, occupancy_id = $3, granted_us = $4, proven = $5,
  letter_id = $6, confirmed_us = $7, ended_us = $8, ended_as = $9, delivered_us = $10 WHERE mandate_id = $11 AND ean = $12`,
		string(l.Outcome), l.Reason, l.OccupancyID, portal.Micros(l.GrantedAt), l.Proven, l.LetterID, portal.Micros(l.ConfirmedAt),
		portal.Micros(l.EndedAt), string(l.End), portal.Micros(l.DeliveredAt), mandateID, string(l.EAN))
	return err
}

// PutMandateDocument implements mandates.Store.
func (s *Store) PutMandateDocument(t tx.Tx, d mandates.Document) error {
	_, err := inside(t).exec(`INSERT INTO mandate_documents (id, mandate_id, evidence_id, version, hash, added_us, added_by)
  VALUES ($1, $2, $3, $4, $5, $6, $7)`, d.ID, d.MandateID, d.EvidenceID, d.Version, d.Hash, portal.Micros(d.AddedAt), d.AddedBy)
	return err
}

// MandateDocuments implements mandates.Store.
func (s *Store) MandateDocuments(ctx context.Context, mandateID string) ([]mandates.Document, error) {
	rows, err := s.query(ctx, `SELECT id, mandate_id, evidence_id, version, hash, added_us, added_by FROM mandate_documents
  WHERE mandate_id = $1 ORDER BY added_us, id`, mandateID)
	return all(rows, err, func(r scanner) (d mandates.Document, err error) {
		var added int64
		err = r.Scan(&d.ID, &d.MandateID, &d.EvidenceID, &d.Version, &d.Hash, &added, &d.AddedBy)
		d.AddedAt = portal.FromMicros(added)
		return d, err
	})
}

const mandateColumns = `m.id, m.partner_id, m.renews, m.created_us, m.written_by, m.agreed_us, m.name, m.company_number, m.capacity, m.signed_by,
  m.street, m.postcode, m.town, m.language, m.kinds, m.data_from_us, m.data_to_us, m.valid_from_us, m.valid_to_us, m.purpose, m.once,
  m.status, m.version, m.text, m.reason, m.given_us, m.decided_us, m.signature`

// mandateRow reads mandateColumns, and what a query has beside them.
func mandateRow(r scanner, beside ...any) (m mandates.Mandate, err error) {
	var kinds string
	var created, agreed, dataFrom, dataTo, from, to, given, decided int64
	who, scope := &m.Mandator, &m.Scope
	err = r.Scan(append([]any{&m.ID, &m.PartnerID, &m.Renews, &created, &m.WrittenBy, &agreed, &who.Name, &who.CompanyNumber, &who.Capacity, &who.SignedBy,
		&who.Street, &who.Postcode, &who.Town, &m.Language, &kinds, &dataFrom, &dataTo, &from, &to, &scope.Purpose, &scope.Once,
		&m.Status, &m.Version, &m.Text, &m.Reason, &given, &decided, &m.Signature}, beside...)...)
	for _, k := range strings.Split(kinds, ",") {
		scope.Kinds = append(scope.Kinds, mandates.Kind(k))
	}
	scope.Data, scope.Validity = span(dataFrom, dataTo), span(from, to)
	m.CreatedAt, m.AgreedAt = portal.FromMicros(created), portal.FromMicros(agreed)
	m.GivenAt, m.DecidedAt = portal.FromMicros(given), portal.FromMicros(decided)
	return m, err
}

// lineColumns come with the letter's list, which tells when it left (D8), and
// with the stay, which tells when it ended (Ld4).
const (
	lineColumns = `l.ean, l.outcome, l.reason, l.occupancy_id, l.granted_us, l.proven, l.letter_id, COALESCE(a.handed_us, 0),
  l.confirmed_us, l.ended_us, l.ended_as, l.delivered_us, COALESCE(o.to_us, 0)`
	linesJoined = ` mandate_lines l LEFT JOIN letters_about a ON a.letter_id = l.letter_id AND a.occupancy_id = l.occupancy_id
  LEFT JOIN occupancies o ON o.id = l.occupancy_id `
)

type lineTimes struct{ granted, told, confirmed, ended, delivered, moved int64 }

func lineDest(l *mandates.Line, at *lineTimes) []any {
	return []any{&l.EAN, &l.Outcome, &l.Reason, &l.OccupancyID, &at.granted, &l.Proven, &l.LetterID, &at.told,
		&at.confirmed, &at.ended, &l.End, &at.delivered, &at.moved}
}

func (at lineTimes) put(l *mandates.Line) {
	l.GrantedAt, l.ToldAt, l.ConfirmedAt = portal.FromMicros(at.granted), portal.FromMicros(at.told), portal.FromMicros(at.confirmed)
	l.EndedAt, l.DeliveredAt, l.MovedAt = portal.FromMicros(at.ended), portal.FromMicros(at.delivered), portal.FromMicros(at.moved)
}

func scanMandateLine(r scanner) (l mandates.Line, err error) {
	var at lineTimes
	err = r.Scan(lineDest(&l, &at)...)
	at.put(&l)
	return l, err
}

const (
	linesOf = `SELECT ` + lineColumns + ` FROM` + linesJoined + `WHERE l.mandate_id = $1 ORDER BY l.place`
	lineOf  = `SELECT ` + lineColumns + ` FROM` + linesJoined + `WHERE l.mandate_id = $1 AND l.ean = $2`
)

// ofPartner seeks a mandate of a partner's: BETWEEN as in PartnerBatch.
const ofPartner = `m.partner_id = $2 AND m.id BETWEEN $1 AND $1`

// LockMandate implements mandates.Store.
func (s *Store) LockMandate(t tx.Tx, partnerID, id string) (mandates.Mandate, error) {
	return s.lockMandate(t, partnerID, id, linesOf, id)
}

// LockMandateLine implements mandates.Store.
func (s *Store) LockMandateLine(t tx.Tx, partnerID, id string, ean portal.EAN) (mandates.Mandate, error) {
	return s.lockMandate(t, partnerID, id, lineOf, id, string(ean))
}

func (s *Store) lockMandate(t tx.Tx, partnerID, id, lines string, args ...any) (mandates.Mandate, error) {
	u := inside(t)
	where := ofPartner
	if partnerID == "" {
		where = `m.id = $1 AND $2 = ''`
	}
	m, err := mandateRow(u.queryRow(`SELECT `+mandateColumns+` FROM mandates m WHERE `+where+s.lock, id, partnerID))
	if err != nil {
		return m, nothing(err)
	}
	rows, err := u.query(lines, args...)
	if m.Lines, err = all(rows, err, scanMandateLine); err != nil || m.Status != mandates.Decided {
		return m, err
	}
	rows, err = u.query(renewals, renewalsOf(m)...)
	err = succeed(&m, rows, err)
	return m, err
}

// renewals are the lines granted on the mandates that renew one, of one access
// point or of all.
const renewals = `SELECT ` + lineColumns + `, m.valid_from_us, m.valid_to_us FROM` + linesJoined + `JOIN mandates m ON m.id = l.mandate_id
  WHERE m.renews = $1 AND m.renews <> '' AND l.outcome = 'granted' AND (l.ean = $2 OR $2 = '')`

func renewalsOf(m mandates.Mandate) []any {
	if len(m.Lines) == 1 {
		return []any{m.ID, string(m.Lines[0].EAN)}
	}
	return []any{m.ID, ""}
}

// succeed tells the lines of a mandate of those that renew them.
func succeed(m *mandates.Mandate, rows *sql.Rows, err error) error {
	at := map[portal.EAN]*mandates.Line{}
	for i := range m.Lines {
		at[m.Lines[i].EAN] = &m.Lines[i]
	}
	return each(rows, err, func(r scanner) error {
		var by mandates.Line
		var times lineTimes
		var from, to int64
		err := r.Scan(append(lineDest(&by, &times), &from, &to)...)
		times.put(&by)
		if old := at[by.EAN]; old != nil {
			old.Succeed(by, span(from, to))
		}
		return err
	})
}

// Mandate implements mandates.Store.
func (s *Store) Mandate(ctx context.Context, partnerID, id string) (mandates.Mandate, bool, error) {
	return s.mandate(ctx, ofPartner, []any{id, partnerID}, linesOf, id)
}

// MandateLine implements mandates.Store.
func (s *Store) MandateLine(ctx context.Context, partnerID, id string, ean portal.EAN) (mandates.Mandate, bool, error) {
	return s.mandate(ctx, ofPartner, []any{id, partnerID}, lineOf, id, string(ean))
}

// GivenMandate implements mandates.Store.
func (s *Store) GivenMandate(ctx context.Context, id string) (mandates.Mandate, bool, error) {
	return s.mandate(ctx, `m.id = $1 AND m.given_us > 0`, []any{id}, linesOf, id)
}

func (s *Store) mandate(ctx context.Context, where string, of []any, lines string, args ...any) (m mandates.Mandate, found bool, err error) {
	rows, err := s.query(ctx, `SELECT `+mandateColumns+` FROM mandates m WHERE `+where, of...)
	err = each(rows, err, func(r scanner) (err error) {
		m, err = mandateRow(r)
		found = true
		return err
	})
	if err != nil || !found {
		return m, false, err
	}
	rows, err = s.query(ctx, lines, args...)
	if m.Lines, err = all(rows, err, scanMandateLine); err != nil || m.Status != mandates.Decided {
		return m, true, err
	}
	rows, err = s.query(ctx, renewals, renewalsOf(m)...)
	err = succeed(&m, rows, err)
	return m, true, err
}

const summaries = `SELECT ` + mandateColumns + `, p.name, p.mail,
  (SELECT COUNT(*) FROM mandate_lines l WHERE l.mandate_id = m.id),
  (SELECT COUNT(*) FROM mandate_lines l WHERE l.mandate_id = m.id AND l.outcome = 'granted'),
  (SELECT COUNT(*) FROM mandate_lines l WHERE l.mandate_id = m.id AND l.ended_as <> '')
  FROM mandates m JOIN partners p ON p.id = m.partner_id `

func scanSummary(r scanner) (sum mandates.Summary, err error) {
	sum.Mandate, err = mandateRow(r, &sum.PartnerName, &sum.PartnerContact, &sum.Points, &sum.Granted, &sum.Ended)
	return sum, err
}

// MandatesOf implements mandates.Store.
func (s *Store) MandatesOf(ctx context.Context, partnerID string, before mandates.Place, limit int) ([]mandates.Summary, error) {
	at := int64(1) << 62
	if !before.At.IsZero() {
		at = portal.Micros(before.At)
	}
	rows, err := s.query(ctx, summaries+`WHERE m.partner_id = $1 AND (m.created_us, m.id) < ($2, $3)
  ORDER BY m.created_us DESC, m.id DESC LIMIT $4`, partnerID, at, before.ID, limit)
	return all(rows, err, scanSummary)
}

// MandatesWaiting implements mandates.Store.
func (s *Store) MandatesWaiting(ctx context.Context, after mandates.Place, limit int) ([]mandates.Summary, error) {
	rows, err := s.query(ctx, summaries+`WHERE m.status = 'given-in' AND (m.given_us, m.id) > ($1, $2)
  ORDER BY m.given_us, m.id LIMIT $3`, portal.Micros(after.At), after.ID, limit)
	return all(rows, err, scanSummary)
}

// aboutStay are the mandates with a granted line about an occupancy and those
// that its customer wrote.
const aboutStay = `(SELECT mandate_id FROM mandate_lines WHERE occupancy_id = $1 AND occupancy_id <> '' AND outcome = 'granted'
  UNION SELECT id FROM mandates WHERE written_by = $1 AND written_by <> '') `

// MandatesOfStay implements mandates.Store.
func (s *Store) MandatesOfStay(t tx.Tx, occupancyID string) ([]string, error) {
	rows, err := inside(t).query(`SELECT id FROM mandates WHERE id IN `+aboutStay+`ORDER BY id`, occupancyID)
	return all(rows, err, func(r scanner) (id string, err error) {
		err = r.Scan(&id)
		return id, err
	})
}

// WrittenIn implements mandates.Store.
func (s *Store) WrittenIn(t tx.Tx, occupancyID string, since time.Time) (n int, err error) {
	err = inside(t).queryRow(`SELECT COUNT(*) FROM mandates WHERE written_by = $1 AND written_by <> ''
  AND status <> 'decided' AND (status <> 'withdrawn' OR created_us > $2)`, occupancyID, portal.Micros(since)).Scan(&n)
	return n, shut(err)
}

// MandatesAt implements mandates.Store.
func (s *Store) MandatesAt(ctx context.Context, occupancyID string) ([]mandates.Summary, error) {
	rows, err := s.query(ctx, `SELECT `+mandateColumns+`, p.name, p.mail, `+lineColumns+` FROM`+linesJoined+`JOIN mandates m ON m.id = l.mandate_id
  JOIN partners p ON p.id = m.partner_id
  WHERE m.id IN `+aboutStay+`AND (l.occupancy_id = $1 AND l.outcome = 'granted' OR m.written_by = $1)
  ORDER BY m.created_us DESC, m.id DESC`, occupancyID)
	list, err := all(rows, err, func(r scanner) (sum mandates.Summary, err error) {
		var l mandates.Line
		var at lineTimes
		sum.Mandate, err = mandateRow(r, append([]any{&sum.PartnerName, &sum.PartnerContact}, lineDest(&l, &at)...)...)
		at.put(&l)
		sum.Lines, sum.Points = []mandates.Line{l}, 1
		if l.Outcome == mandates.Granted {
			sum.Granted = 1
		}
		return sum, err
	})
	for _, by := range list { // a renewal of the same stay stands in the same list
		for i := range list {
			if by.Renews == list[i].ID {
				list[i].Lines[0].Succeed(by.Lines[0], by.Scope.Validity)
			}
		}
	}
	return list, err
}

// WrittenMandate implements mandates.Store.
func (s *Store) WrittenMandate(ctx context.Context, occupancyID, id string) (mandates.Mandate, bool, error) {
	return s.mandate(ctx, `m.id = $1 AND m.written_by = $2 AND m.written_by <> ''`, []any{id, occupancyID}, linesOf, id)
}

const selectMandataries = `SELECT id, name, company_number, privacy_mail FROM partners `

func scanMandatary(r scanner) (m mandates.Mandatary, err error) {
	return m, r.Scan(&m.ID, &m.Name, &m.CompanyNumber, &m.Contact)
}

// Mandataries implements mandates.Store.
func (s *Store) Mandataries(ctx context.Context) ([]mandates.Mandatary, error) {
	rows, err := s.query(ctx, selectMandataries+`WHERE status = 'approved' ORDER BY name, id`)
	return all(rows, err, scanMandatary)
}

// Mandatary implements mandates.Store.
func (s *Store) Mandatary(ctx context.Context, id string) (mandates.Mandatary, error) {
	m, err := scanMandatary(s.queryRow(ctx, selectMandataries+`WHERE id = $1`, id))
	return m, nothing(err)
}

// ApprovedIn implements mandates.Store.
func (s *Store) ApprovedIn(t tx.Tx, partnerID string) (approved bool, err error) {
	err = inside(t).queryRow(`SELECT status = $2 FROM partners WHERE id = $1`+s.keep, partnerID, string(partner.Approved)).Scan(&approved)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return approved, err
}

// Stay implements mandates.Store.
func (s *Store) Stay(ctx context.Context, occupancyID string) (stay registry.Occupancy, point registry.AccessPoint, err error) {
	if stay, err = s.Occupancy(ctx, occupancyID); err == nil {
		point, err = s.Point(ctx, stay.EAN)
	}
	return stay, point, err
}

// StayIn implements mandates.Store.
func (s *Store) StayIn(t tx.Tx, occupancyID string) (stay registry.Occupancy, point registry.AccessPoint, err error) {
	u := inside(t)
	if stay, err = scanOccupancy(u.queryRow(selectOccupancies+`WHERE id = $1`+s.lock, occupancyID)); err != nil {
		return stay, point, nothing(err)
	}
	point, err = scanPoint(u.queryRow(selectPoints+`WHERE ean = $1`, string(stay.EAN)))
	return stay, point, nothing(err)
}
