package store

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/tx"
	"guichet/works"
)

var _ works.Store = (*Store)(nil)

// worksFixed and worksChanging are the columns of a request, in one order: what
// its capture sets, and what may change since.
const (
	worksFixed = `id, key, number, code, kind, energy, occupancy_id, partner_id, made_us, code_us`

	worksChanging = `requester, name, mail, telephone, language, channel, billing_name, billing_street, billing_postcode, billing_town,
  company_number, street, postcode, town, facts, first_occupied, dwelling, end_user,
  phase, status, turn, since_us, missing, missing_by_us, study_not_needed, offer, offer_until_us, user_agreed_us, day_us,
  team, result, asset_us, invoiced_us, closed_us, due_us, external_id, told_us, promised_us, moved_us`
)

// unread is the turn of those that are the requester's and Unread: both sides
// have something to do.
const unread = "unread"

// noDue stands for no date: behind all dates in an officer's list.
const noDue = int64(1) << 62

func dueOf(r works.Request) int64 {
	if r.Due.IsZero() {
		return noDue
	}
	return portal.Micros(r.Due)
}

func changingWorks(r works.Request) ([]any, error) {
	facts, err := json.Marshal(r.Values)
	if err != nil {
		return nil, err
	}
	offer, err := json.Marshal(r.Offer)
	if err != nil {
		return nil, err
	}
	due, turn := dueOf(r), string(r.Status.Turn())
	if r.Unread && r.Status.Turn() == works.Requester {
		turn = unread
	}
	return []any{string(r.Contact.Kind), r.Name, r.Mail, r.Telephone, string(r.Language), string(r.Channel),
		r.BillingName, r.Billing.Street, r.Billing.Postcode, r.Billing.Town, r.CompanyNumber, r.Site.Street, r.Site.Postcode, r.Site.Town,
		string(facts), r.Declared.FirstOccupied, r.Declared.Dwelling, r.Declared.EndUser,
		string(r.Phase), string(r.Status), turn, portal.Micros(r.Since), strings.Join(r.Missing, ","), portal.Micros(r.MissingBy),
		r.StudyNotNeeded, string(offer), portal.Micros(r.Offer.ValidTo), portal.Micros(r.UserAgreedAt), portal.Micros(r.Day),
		r.Team, r.Result, portal.Micros(r.AssetAt), portal.Micros(r.InvoicedAt), portal.Micros(r.ClosedAt), due,
		r.External, portal.Micros(r.ToldAt), portal.Micros(r.Promised), portal.Micros(r.MovedAt)}, nil
}

const insertWorks = `INSERT INTO works (` + worksFixed + `, ` + worksChanging + `)`

func newWorks(r works.Request) ([]any, error) {
	changing, err := changingWorks(r)
	return append([]any{r.ID, r.Key, r.Number.Reveal(), r.Code, string(r.Kind), string(r.Energy), r.OccupancyID, r.PartnerID, portal.Micros(r.MadeAt), portal.Micros(r.CodeAt)},
		changing...), err
}

// PutWorks implements works.Store.
func (s *Store) PutWorks(t tx.Tx, r works.Request) error {
	row, err := newWorks(r)
	if err != nil {
		return err
	}
	var tried int // a number that was tried at the gate would be born with failures
	if err := inside(t).queryRow(`SELECT COUNT(*) FROM lookup_counters WHERE key = $1`, r.Key).Scan(&tried); err != nil {
		return err
	}
	if tried > 0 {
		return &portal.Error{Code: portal.Conflict, Key: "works.number"}
	}
	n, err := inside(t).exec(insertWorks+` VALUES `+values(1, len(row))+` ON CONFLICT DO NOTHING`, row...)
	if err == nil && n == 0 {
		return &portal.Error{Code: portal.Conflict, Key: "works.number"}
	}
	return err
}

// SaveWorks implements works.Store.
func (s *Store) SaveWorks(t tx.Tx, r works.Request) error {
	changing, err := changingWorks(r)
	if err != nil {
		return err
	}
	var set strings.Builder
	for i, column := range strings.Split(worksChanging, ",") {
		if i > 0 {
			set.WriteString(", ")
		}
		set.WriteString(strings.TrimSpace(column) + " = $" + strconv.Itoa(i+1))
	}
	_, err = inside(t).exec(`UPDATE works SET `+set.String()+` WHERE id = $`+strconv.Itoa(len(changing)+1), append(changing, r.ID)...)
	return err
}

func worksRow(s scanner) (r works.Request, err error) {
	var number, facts, missing, offer, turn string
	var made, code, since, missingBy, until, agreed, day, asset, invoiced, closed, due, told, promised, moved int64
	if err := s.Scan(&r.ID, &r.Key, &number, &r.Code, &r.Kind, &r.Energy, &r.OccupancyID, &r.PartnerID, &made, &code,
		&r.Contact.Kind, &r.Name, &r.Mail, &r.Telephone, &r.Language, &r.Channel,
		&r.BillingName, &r.Billing.Street, &r.Billing.Postcode, &r.Billing.Town, &r.CompanyNumber, &r.Site.Street, &r.Site.Postcode, &r.Site.Town,
		&facts, &r.Declared.FirstOccupied, &r.Declared.Dwelling, &r.Declared.EndUser,
		&r.Phase, &r.Status, &turn, &since, &missing, &missingBy, &r.StudyNotNeeded, &offer, &until, &agreed, &day,
		&r.Team, &r.Result, &asset, &invoiced, &closed, &due,
		&r.External, &told, &promised, &moved); err != nil {
		return r, err
	}
	r.Number, r.Unread = keys.Secret(number), turn == unread
	if missing != "" {
		r.Missing = strings.Split(missing, ",")
	}
	r.CodeAt = portal.FromMicros(code)
	r.MadeAt, r.Since, r.MissingBy, r.UserAgreedAt = portal.FromMicros(made), portal.FromMicros(since), portal.FromMicros(missingBy), portal.FromMicros(agreed)
	r.Day, r.AssetAt, r.InvoicedAt, r.ClosedAt = portal.FromMicros(day), portal.FromMicros(asset), portal.FromMicros(invoiced), portal.FromMicros(closed)
	r.ToldAt, r.Promised, r.MovedAt = portal.FromMicros(told), portal.FromMicros(promised), portal.FromMicros(moved)
	if due < noDue {
		r.Due = portal.FromMicros(due)
	}
	if err := json.Unmarshal([]byte(facts), &r.Values); err != nil {
		return r, err
	}
	err = json.Unmarshal([]byte(offer), &r.Offer)
	return r, err
}

const selectWorks = `SELECT ` + worksFixed + `, ` + worksChanging + ` FROM works WHERE `

// LockWorks implements works.Store.
func (s *Store) LockWorks(t tx.Tx, id string) (works.Request, error) {
	r, err := worksRow(inside(t).queryRow(selectWorks+`id = $1`+s.lock, id))
	return r, nothing(err)
}

// PutWorksStep implements works.Store. The request's row is locked or new, so
// that two steps never take one place.
func (s *Store) PutWorksStep(t tx.Tx, requestID string, step works.Step) error {
	_, err := inside(t).exec(`INSERT INTO works_steps (request_id, place, at_us, event, from_status, to_status, phase, actor_kind, actor_id, reason)
  SELECT $1, COALESCE(MAX(place), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9 FROM works_steps WHERE request_id = $1`,
		requestID, portal.Micros(step.At), string(step.Event), string(step.From), string(step.To), string(step.Phase),
		string(step.By.Kind), step.By.ID, step.Reason)
	return err
}

// PutWorksPaper implements works.Store.
func (s *Store) PutWorksPaper(t tx.Tx, requestID string, p works.Paper) error {
	n, err := inside(t).exec(`INSERT INTO works_papers (id, request_id, document, evidence_id, added_us, actor_kind, actor_id, external_id)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (request_id, external_id) WHERE external_id <> '' DO NOTHING`, p.ID, requestID, string(p.Document), p.EvidenceID, portal.Micros(p.AddedAt), string(p.AddedBy.Kind), p.AddedBy.ID, p.External)
	if err == nil && n == 0 {
		return &portal.Error{Code: portal.Conflict, Key: "works.document.other"}
	}
	return err
}

// CountWorksPapers implements works.Store: those of the works system do not bar
// what is asked of the requester.
func (s *Store) CountWorksPapers(t tx.Tx, requestID string) (n int, err error) {
	err = inside(t).queryRow(`SELECT COUNT(*) FROM works_papers WHERE request_id = $1 AND external_id = ''`, requestID).Scan(&n)
	return n, shut(err)
}

// Works implements works.Store.
func (s *Store) Works(ctx context.Context, id string) (works.Request, []works.Step, error) {
	r, err := worksRow(s.queryRow(ctx, selectWorks+`id = $1`, id))
	if err != nil {
		return r, nil, nothing(err)
	}
	rows, err := s.query(ctx, selectWorksSteps, id)
	steps, err := all(rows, err, worksStep)
	return r, steps, err
}

const selectWorksSteps = `SELECT at_us, event, from_status, to_status, phase, actor_kind, actor_id, reason FROM works_steps
  WHERE request_id = $1 ORDER BY place`

func worksStep(r scanner) (step works.Step, err error) {
	var at int64
	err = r.Scan(&at, &step.Event, &step.From, &step.To, &step.Phase, &step.By.Kind, &step.By.ID, &step.Reason)
	step.At = portal.FromMicros(at)
	return step, err
}

// WorksSteps implements works.Store.
func (s *Store) WorksSteps(t tx.Tx, requestID string) ([]works.Step, error) {
	rows, err := inside(t).query(selectWorksSteps, requestID)
	return all(rows, err, worksStep)
}

const selectWorksPapers = `SELECT id, document, evidence_id, added_us, actor_kind, actor_id, external_id FROM works_papers
  WHERE request_id = $1 ORDER BY added_us, id`

// WorksPapers implements works.Store.
func (s *Store) WorksPapers(ctx context.Context, requestID string) ([]works.Paper, error) {
	rows, err := s.query(ctx, selectWorksPapers, requestID)
	return all(rows, err, func(r scanner) (p works.Paper, err error) {
		var added int64
		err = r.Scan(&p.ID, &p.Document, &p.EvidenceID, &added, &p.AddedBy.Kind, &p.AddedBy.ID, &p.External)
		p.AddedAt = portal.FromMicros(added)
		return p, err
	})
}

func (s *Store) worksWhere(ctx context.Context, where string, args ...any) ([]works.Request, error) {
	rows, err := s.query(ctx, selectWorks+where, args...)
	return all(rows, err, worksRow)
}

// WorksList implements works.Store. Each filter has a text of its own, so that
// each is answered from an index; what is also somebody's turn is joined to it.
func (s *Store) WorksList(ctx context.Context, f works.Filter, after works.Place, limit int) (list []works.Request, err error) {
	turns := []works.Turn{f.Turn}
	if f.Turn != "" {
		turns = append(turns, unread)
	}
	for _, f.Turn = range turns {
		where, args := worksWaiting(f, after, limit)
		some, err := s.worksWhere(ctx, where, args...)
		if err != nil {
			return nil, err
		}
		list = append(list, some...)
	}
	slices.SortFunc(list, func(a, b works.Request) int {
		if d := cmp.Compare(dueOf(a), dueOf(b)); d != 0 {
			return d
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list[:min(len(list), limit)], nil
}

func worksWaiting(f works.Filter, after works.Place, limit int) (where string, args []any) {
	at := portal.Micros(after.At)
	if after.At.IsZero() && after.ID != "" {
		at = noDue
	}
	where, args = `(due_us, id) > ($1, $2) AND turn <> 'nobody'`, []any{at, after.ID}
	for _, narrow := range []struct{ column, value string }{{"turn", string(f.Turn)}, {"team", f.Team}, {"kind", string(f.Kind)}} {
		if narrow.value != "" {
			args = append(args, narrow.value)
			where += ` AND ` + narrow.column + ` = $` + strconv.Itoa(len(args))
		}
	}
	args = append(args, limit)
	return where + ` ORDER BY due_us, id LIMIT $` + strconv.Itoa(len(args)), args
}

const worksOfStay = `occupancy_id = $1 AND occupancy_id <> '' ORDER BY made_us DESC, id DESC`

// WorksOfOccupancy implements works.Store.
func (s *Store) WorksOfOccupancy(ctx context.Context, occupancyID string) ([]works.Request, error) {
	return s.worksWhere(ctx, worksOfStay, occupancyID)
}

// AnyWorksOf implements works.Store.
func (s *Store) AnyWorksOf(ctx context.Context, occupancyIDs []string) (bool, error) {
	args := make([]any, len(occupancyIDs))
	for i, id := range occupancyIDs {
		args[i] = id
	}
	var n int
	err := s.queryRow(ctx, `SELECT COUNT(*) FROM (SELECT id FROM works WHERE occupancy_id <> '' AND occupancy_id IN `+values(1, len(args))+` LIMIT 1) w`, args...).Scan(&n)
	return n > 0, shut(err)
}

// WorksLapsing implements works.Store.
func (s *Store) WorksLapsing(ctx context.Context, now time.Time, limit int) ([]string, error) {
	rows, err := s.query(ctx, `SELECT id FROM works WHERE status = 'offered' AND offer_until_us <= $1 ORDER BY offer_until_us, id LIMIT $2`,
		portal.Micros(now), limit)
	return all(rows, err, func(r scanner) (id string, err error) {
		err = r.Scan(&id)
		return id, err
	})
}

// RenewWorksCode implements works.Codes.
func (s *Store) RenewWorksCode(t tx.Tx, id string, code []byte, now, after time.Time) (bool, error) {
	n, err := inside(t).exec(`UPDATE works SET code = $1, code_us = $2 WHERE id = $3 AND code_us <= $4`, code, portal.Micros(now), id, portal.Micros(after))
	return n > 0, err
}

// EndWorksVisits implements works.Codes.
func (s *Store) EndWorksVisits(t tx.Tx, key, but string, now time.Time) error {
	_, err := inside(t).exec(`UPDATE visits SET ended_us = $1 WHERE ended_us = 0 AND ends_us > $1 AND reference_key = $2 AND id <> $3`, portal.Micros(now), key, but)
	return err
}

// worksPasses are LivePasses of visits that a works number opened (D10).
func (s *Store) worksPasses(ctx context.Context, visitIDs []any, now time.Time) (passes []lookup.Pass, err error) {
	rows, err := s.query(ctx, `SELECT v.id, v.reference_key, v.occupancy_id, v.opened_us, v.ends_us,
  CASE WHEN w.turn = 'nobody' THEN w.since_us ELSE 0 END
  FROM visits v JOIN works w ON w.key = v.reference_key
  WHERE v.ended_us = 0 AND v.id IN `+values(1, len(visitIDs)), visitIDs...)
	err = each(rows, err, func(r scanner) error {
		var p lookup.Pass
		var opened, ends, over int64
		if err := r.Scan(&p.Visit.ID, &p.Visit.ReferenceKey, &p.Works, &opened, &ends, &over); err != nil {
			return err
		}
		p.Visit.OccupancyID, p.Visit.OpenedAt, p.Visit.EndsAt = p.Works, portal.FromMicros(opened), portal.FromMicros(ends)
		if closes := worksEnd(over); now.Before(p.Visit.EndsAt) && (closes.IsZero() || now.Before(closes)) {
			passes = append(passes, p)
		}
		return nil
	})
	return passes, err
}
