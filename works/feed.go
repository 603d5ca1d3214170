package works

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

// Feed takes what the operator's works system tells, where it is the master
// (D13): by file or by interface, the same.
type Feed struct {
	*Service
	Terms   string // of the offers that name none (W21)
	TermsAt string // where conditions are read, as Offer.TermsAt
	// Progress, where set, hears how many of how many are done. It is called from
	// inside the unit of work and must only draw.
	Progress func(done, total int)
}

// Fed is what came of it.
type Fed struct {
	New       int     `json:"new"`
	Moved     int     `json:"moved"`     // to another status
	Noted     int     `json:"noted"`     // something else changed
	Unchanged int     `json:"unchanged"` // told before
	Older     int     `json:"older"`     // something newer is known
	Cancelled int     `json:"cancelled"` // by the requester: the works system does not know yet
	Refused   []Wrong `json:"-"`
	// Made are the new ones, as the works system calls them and as the portal does.
	Made []MadeThere `json:"-"`
}

// MadeThere is a request that began in the works system.
type MadeThere struct {
	External, ID string
	Number       keys.Secret
}

// Wrong is one line that cannot be taken, and why.
type Wrong struct {
	Line     int
	Problems portal.Problems
}

// ByWorksSystem is the mark of the works system in the trail and in the steps.
func ByWorksSystem(channel string) audit.Entry {
	return audit.Entry{Actor: portal.Actor{Kind: portal.System, ID: worksSystem}, Ground: "works", Channel: channel}
}

const worksSystem = "works-system"

// errInPortal says no to the works system where the portal leads.
var errInPortal = &portal.Error{Code: portal.Conflict, Key: "works.master.portal"}

// Take lays all of a list over what is held, or, where any line is refused,
// nothing of it: then Refused names them. The same list again changes nothing, an
// older one moves nothing back; several lines about one request are taken in the
// order of their Since. With dry it does everything but keep it.
func (f *Feed) Take(ctx context.Context, by audit.Entry, name string, list []Report, dry bool) (Fed, error) {
	if f.Master != External {
		return Fed{}, errInPortal
	}
	numbers := map[string]keys.Secret{} // one line may bring number and name, the others the name
	for _, told := range list {
		if told.Number != "" && told.External != "" {
			numbers[told.External] = told.Number
		}
	}
	list = slices.Clone(list)
	for i, told := range list {
		list[i].Number = cmp.Or(told.Number, numbers[told.External])
	}
	// Requests are locked in one order, so that two files never wait for each other.
	list = slices.SortedStableFunc(slices.Values(list), func(a, b Report) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.External, b.External), a.Since.Compare(b.Since), cmp.Compare(a.Line, b.Line))
	})
	var fed Fed
	err := f.Runner.Do(ctx, func(t tx.Tx) error {
		fed = Fed{}
		for i, told := range list {
			err := f.take(t, by, told, &fed)
			var problems portal.Problems
			switch {
			case errors.As(err, &problems):
				fed.Refused = append(fed.Refused, Wrong{told.Line, problems})
			case err != nil:
				return err
			}
			if f.Progress != nil {
				f.Progress(i+1, len(list))
			}
		}
		if dry || len(fed.Refused) > 0 {
			return errDry
		}
		if fed.New+fed.Moved+fed.Noted > 0 {
			e := by
			e.At, e.Action, e.Details = f.Clock(), audit.WorksTold, map[string]string{"file": name, "new": strconv.Itoa(fed.New),
				"moved": strconv.Itoa(fed.Moved), "noted": strconv.Itoa(fed.Noted), "unchanged": strconv.Itoa(fed.Unchanged)}
			t.Record(e)
		}
		return nil
	})
	if errors.Is(err, errDry) {
		err = nil
	}
	slices.SortFunc(fed.Refused, func(a, b Wrong) int { return a.Line - b.Line })
	for _, w := range fed.Refused {
		// What came of a field without a place is in the trail (W13).
		var told portal.Problems
		if failed := f.refuse(ctx, by, w.Problems); !errors.As(failed, &told) {
			return fed, failed
		}
	}
	return fed, err
}

// take lays what is told of one request over it. portal.Problems where a rule
// stands against it.
func (f *Feed) take(t tx.Tx, by audit.Entry, told Report, fed *Fed) error {
	now := f.Clock()
	if problems := told.check(now); len(problems) > 0 {
		return problems
	}
	r, fresh, err := f.find(t, by, told)
	if err != nil {
		return err
	}
	switch changed := told.changed(); {
	case fresh:
	case r.Status == Cancelled:
		fed.Cancelled++ // it stays what the requester decided
		if r.External != "" || told.External == "" {
			return nil
		}
		r.External = told.External // or its next line, which names only this, would be refused
		record(t, by, now, audit.WorksNoted, r, map[string]string{"what": "external"})
		return f.save(t, &r)
	case !r.Offer.AgreedAt.IsZero() && (told.Status == Offered || told.Status == Expired):
		fed.Older++ // it does not know of the agreement yet (Wd3)
		return nil
	case changed.Before(r.ToldAt), told.order(r) < 0 && !changed.After(r.ToldAt):
		fed.Older++
		return nil
	}
	was := r
	r.External = cmp.Or(told.External, r.External)
	e, err := told.lay(&r, f.Terms, f.TermsAt)
	if err != nil {
		return err
	}
	if !told.AssetAt.IsZero() && r.AssetAt.IsZero() && r.Status.from(Done) {
		if err := f.putAsset(t, &r, "", told.AssetAt, now); err != nil {
			return err
		}
	}
	noted := r.differs(was)
	if fresh || e != "" || len(noted) > 0 { // a mere repetition keeps nobody's line out
		if problems := told.holds(r, e != ""); len(problems) > 0 {
			return problems
		}
	}
	if e != "" {
		if err := f.moved(t, by, &r, e, was.Status, r.Since, told.Reason); err != nil {
			return err
		}
	}
	noted = r.differs(was)
	if len(noted) > 0 {
		says := map[string]string{"what": strings.Join(noted, " ")}
		if slices.Contains(noted, "agreement") {
			says["terms"] = r.Offer.Terms // W21
		}
		record(t, by, now, audit.WorksNoted, r, says)
	}
	switch {
	case fresh:
		fed.New++
		fed.Made = append(fed.Made, MadeThere{r.External, r.ID, r.Number})
	case e != "":
		fed.Moved++
	case len(noted) > 0:
		fed.Noted++
	default:
		fed.Unchanged++
	}
	if r.ToldAt = told.changed(); r.ToldAt.Equal(was.ToldAt) && e == "" && len(noted) == 0 {
		return nil
	}
	return f.save(t, &r)
}

// find gives the request that something is told of, locked; a new one where the
// portal has none and its capture is told with it.
func (f *Feed) find(t tx.Tx, by audit.Entry, told Report) (r Request, fresh bool, err error) {
	wrong := func(field, key string) (Request, bool, error) {
		return Request{}, false, portal.Problems{{Code: portal.Invalid, Key: key, Field: field}}
	}
	absent := func(err error) bool { return portal.CodeOf(err) == portal.NotFound }
	if told.Number != "" {
		r, err = f.Store.LockWorksKey(t, f.Ring.CounterKey("works", told.Number))
		switch {
		case absent(err):
			return wrong("number", "works.told.unknown")
		case err != nil:
			return r, false, err
		case r.External != "" && told.External != "" && r.External != told.External:
			return wrong("external_id", "works.told.other")
		case r.External != "" || told.External == "":
			return r, false, nil
		}
		if _, err := f.Store.LockWorksExternal(t, told.External); !absent(err) {
			if err != nil {
				return r, false, err
			}
			return wrong("external_id", "works.told.other")
		}
		return r, false, nil
	}
	if told.External == "" {
		return wrong("number", "works.told.nameless")
	}
	r, err = f.Store.LockWorksExternal(t, told.External)
	if !absent(err) {
		return r, false, err
	}
	if told.Made == nil {
		return wrong("external_id", "works.told.unknown")
	}
	r, err = f.make(t, by, told)
	return r, true, err
}

// make captures a request that began in the works system. Its requester gets
// number and code as everybody does (W11); what is missing of it the works
// system says.
func (f *Feed) make(t tx.Tx, by audit.Entry, told Report) (Request, error) {
	at := told.MadeAt
	if at.IsZero() {
		at = told.Since
	}
	r, err := told.Made.Request(at)
	if err != nil {
		return r, err
	}
	r.ID, r.External, r.MovedAt = portal.NewID(f.Clock()), told.External, f.Clock()
	m := Made{Request: r}
	for {
		f.number(&m)
		if err := f.put(t, by, m, nil); portal.CodeOf(err) != portal.Conflict {
			return m.Request, err
		}
		if _, err := f.Store.LockWorksExternal(t, told.External); portal.CodeOf(err) != portal.NotFound {
			return r, errors.Join(err, &portal.Error{Code: portal.Conflict, Key: "works.made"}) // somebody tells the same at this moment
		}
		// The number exists: one in millions draws again.
	}
}

// number draws number and code of a request.
func (s *Service) number(m *Made) {
	m.Code, m.Request.Number = draw(CodeLength), draw(NumberLength)
	m.Request.Key = s.Ring.CounterKey("works", m.Request.Number)
	m.Request.Code = registry.DigitsHash(s.Ring, m.Request.Key, m.Code) // as the gate compares it
}

// put adds a request with its papers, its receipt, its first step and its entry.
func (s *Service) put(t tx.Tx, by audit.Entry, m Made, papers []Paper) error {
	if err := s.add(t, by, m.Request, papers); err != nil {
		return err
	}
	receipt, err := m.letter()
	if err == nil {
		t.Send(receipt)
	}
	return err
}

// add is put without a receipt; Conflict where its number or its id exists.
func (s *Service) add(t tx.Tx, by audit.Entry, r Request, papers []Paper) error {
	if err := s.Store.PutWorks(t, r); err != nil {
		return err
	}
	for _, p := range papers {
		if err := s.Store.PutWorksPaper(t, r.ID, p); err != nil {
			return err
		}
	}
	record(t, by, s.Clock(), audit.WorksMade, r, map[string]string{"kind": string(r.Kind), "status": string(r.Status)})
	return s.Store.PutWorksStep(t, r.ID, Step{At: r.MadeAt, To: r.Status, Phase: r.Phase, By: by.Actor})
}
