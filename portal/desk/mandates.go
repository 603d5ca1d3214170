package desk

import (
	"context"
	"time"

	"guichet/mandates"
	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/evidence"
	"guichet/portal/registry"
	"guichet/portal/staff"
	"guichet/portal/tx"
)

// PageOfMandates is how many mandates, and lines of one, an officer's page shows.
const PageOfMandates = 25

// MandateStore reads what an officer compares.
type MandateStore interface {
	MandatesWaiting(ctx context.Context, after mandates.Place, limit int) ([]mandates.Summary, error)
	GivenMandate(ctx context.Context, id string) (mandates.Mandate, bool, error)
	Point(ctx context.Context, ean portal.EAN) (registry.AccessPoint, error)
	Occupancies(ctx context.Context, ean portal.EAN) ([]registry.Occupancy, error)
	MandateDocuments(ctx context.Context, mandateID string) ([]mandates.Document, error)
}

// Deeds changes mandates; *mandates.Service.
type Deeds interface {
	Return(ctx context.Context, by audit.Entry, id, reason string) error
	Decide(ctx context.Context, by audit.Entry, to mandates.Mandatary, id string, d mandates.Decision) error
}

// Vault shows what was given in; *evidence.Service.
type Vault interface {
	List(ctx context.Context, subject string) ([]evidence.File, error)
	Pages(ctx context.Context, subject, id string) (int, error)
	Page(ctx context.Context, by audit.Entry, subject, id string, number int) (evidence.Picture, error)
	Signature(ctx context.Context, by audit.Entry, subject, id string) (evidence.Verdict, error)
	Release(ctx context.Context, by audit.Entry, subject, id string) error
}

// Officer is what a mandates officer does with what customers signed (D8).
type Officer struct {
	Store    MandateStore
	Deeds    Deeds
	Vault    Vault
	Partners Partners
	Runner   tx.Runner
	Clock    portal.Clock
}

// Deed is a mandate beside the register, as an officer compares them.
type Deed struct {
	mandates.Mandate
	Mandatary partner.Organisation
	Documents []Signed
	// Lines are those shown, PageOfMandates at most: all of a small mandate, the
	// first of a large one as its sample. More tells how many follow.
	Lines []Compared
	More  int
}

// Signed is a document with what its electronic signature proves.
type Signed struct {
	evidence.File
	Pages   int
	Waits   bool // for the officer, who sees its pages and lets it out of quarantine
	Verdict evidence.Verdict
}

// pagesOf tells how many pages of a document an officer can see, and whether it
// waits for that officer to let it out of quarantine: where a scanner is set it
// waits for the scanner, and nobody sees it.
func pagesOf(ctx context.Context, vault Vault, f evidence.File) (pages int, waits bool, err error) {
	if !f.Cleared() && f.Status != evidence.Quarantined {
		return 0, false, nil
	}
	pages, err = vault.Pages(ctx, f.Subject, f.ID)
	if f.Status == evidence.Quarantined && portal.CodeOf(err) == portal.Conflict {
		return 0, false, nil
	}
	return pages, f.Status == evidence.Quarantined, err
}

// Compared is a line beside who lives there now; no Stay where nobody does, or
// the register has no such point.
type Compared struct {
	mandates.Line
	Point registry.AccessPoint
	Stay  registry.Occupancy
	// Same: the occupant's name is the mandator's, however it is written.
	Same bool
}

// Deeds gives an officer the mandates.
func (s *Service) Deeds(m staff.Member) (*Officer, error) {
	if err := need(m, trust); err != nil {
		return nil, err
	}
	return &s.Officer, nil
}

func officerEntry(by portal.Actor) audit.Entry {
	return audit.Entry{Actor: by, Ground: "mandate", Channel: "desk"}
}

// Waiting lists those to decide, oldest first, and one more where there are
// more; that it was read is in the trail (L19).
func (o *Officer) Waiting(ctx context.Context, by portal.Actor, after mandates.Place) ([]mandates.Summary, error) {
	list, err := o.Store.MandatesWaiting(ctx, after, PageOfMandates+1)
	if err != nil {
		return nil, err
	}
	return list, o.Runner.Do(ctx, func(t tx.Tx) error {
		e := officerEntry(by)
		e.At, e.Action = o.Clock(), audit.MandateRead
		t.Record(e)
		return nil
	})
}

// Open reads a mandate with what it is compared with, and records that, and
// whose part of the register was shown (L18, L19).
func (o *Officer) Open(ctx context.Context, by portal.Actor, id string) (d Deed, err error) {
	if d, err = o.read(ctx, by, id, PageOfMandates); err != nil {
		return d, err
	}
	files, err := o.documents(ctx, d.Mandate)
	if err != nil {
		return d, err
	}
	for _, f := range files {
		one := Signed{File: f}
		if one.Pages, one.Waits, err = pagesOf(ctx, o.Vault, f); err != nil {
			return d, err
		}
		if f.Cleared() {
			if one.Verdict, err = o.Vault.Signature(ctx, officerEntry(by), f.Subject, f.ID); err != nil {
				return d, err
			}
		}
		d.Documents = append(d.Documents, one)
	}
	return d, o.Runner.Do(ctx, func(t tx.Tx) error {
		e := officerEntry(by)
		e.At, e.Action, e.Subject = o.Clock(), audit.MandateRead, mandates.Subject(id)
		t.Record(e)
		for _, l := range d.Lines {
			if l.Stay.ID == "" {
				continue
			}
			e.Subject, e.Details = "occupancy:"+l.Stay.ID, map[string]string{"mandate": id}
			t.Record(e)
		}
		return nil
	})
}

// read gives a mandate with its first lines beside the register; most 0: all.
func (o *Officer) read(ctx context.Context, by portal.Actor, id string, most int) (d Deed, err error) {
	m, found, err := o.Store.GivenMandate(ctx, id)
	if err == nil && !found {
		err = &portal.Error{Code: portal.NotFound, Key: "mandate"}
	}
	if err != nil {
		return d, err
	}
	file, err := o.Partners.Open(ctx, by, m.PartnerID)
	if err != nil {
		return d, err
	}
	d = Deed{Mandate: m, Mandatary: file.Organisation}
	for i, l := range m.Lines {
		if most > 0 && i == most {
			d.More = len(m.Lines) - most
			break
		}
		c, err := o.compare(ctx, m, l)
		if err != nil {
			return d, err
		}
		d.Lines = append(d.Lines, c)
	}
	return d, nil
}

func (o *Officer) compare(ctx context.Context, m mandates.Mandate, l mandates.Line) (c Compared, err error) {
	c.Line = l
	if c.Point, err = o.Store.Point(ctx, l.EAN); portal.CodeOf(err) == portal.NotFound {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	stays, err := o.Store.Occupancies(ctx, l.EAN)
	for _, stay := range stays {
		if stay.Contains(o.Clock()) {
			c.Stay, c.Same = stay, evidence.Signer{Name: m.Mandator.Name}.Is(stay.Name)
		}
	}
	return c, err
}

// The reasons that a line is refused for. A new one needs web/locales
// "mandate.refused."+name.
const (
	RefusedNobody = "nobody"     // nobody lives there, or there is no such point
	RefusedOther  = "other"      // by the officer
	RefusedName   = "not-theirs" // somebody else lives there
)

// DeedDecision is what an officer typed: how the document is signed, what was
// compared, and which of the lines shown are refused.
type DeedDecision struct {
	Signature mandates.Signature
	Checks    []mandates.Check
	Document  string       // whose electronic signature it rests on
	Refused   map[int]bool // by the line's place in the document, from 1
	Given     time.Time    // when what the officer saw was given in
}

// Decide grants the lines where the mandator lives now and refuses the others:
// those shown as the officer says, those of a company's bulk mandate beyond the
// sample by the same comparison. People share their names, companies do not: of
// a person's mandate nothing is granted that was not shown.
func (o *Officer) Decide(ctx context.Context, by portal.Actor, id string, j DeedDecision) error {
	d, err := o.read(ctx, by, id, 0)
	if err != nil {
		return err
	}
	files, err := o.documents(ctx, d.Mandate)
	if err != nil {
		return err
	}
	looked, signed := false, false
	for _, f := range files {
		looked = looked || f.Cleared()
		signed = signed || f.Cleared() && f.ID == j.Document
	}
	if !looked || j.Signature == mandates.Electronic && !signed {
		return &portal.Error{Code: portal.Conflict, Key: "mandate.document", Field: "signature"}
	}
	decision := mandates.Decision{Signature: j.Signature, Checks: j.Checks, Given: j.Given, Lines: map[portal.EAN]mandates.LineDecision{}}
	if j.Signature == mandates.Electronic {
		if decision.Verdict, err = o.Vault.Signature(ctx, officerEntry(by), mandates.Subject(id), j.Document); err != nil {
			return err
		}
	}
	for i, l := range d.Lines {
		switch {
		case j.Refused[i+1], i >= PageOfMandates && d.Mandator.CompanyNumber == "":
			decision.Lines[l.EAN] = mandates.LineDecision{Reason: RefusedOther}
		case l.Stay.ID == "":
			decision.Lines[l.EAN] = mandates.LineDecision{Reason: RefusedNobody}
		case !l.Same:
			decision.Lines[l.EAN] = mandates.LineDecision{Reason: RefusedName}
		default:
			decision.Lines[l.EAN] = mandates.LineDecision{OccupancyID: l.Stay.ID}
		}
	}
	return o.Deeds.Decide(ctx, officerEntry(by), d.Mandatary.Mandatary(), id, decision)
}

// documents are the files given in for the text as it stands: one that was
// signed for a former text proves nothing of this one.
func (o *Officer) documents(ctx context.Context, m mandates.Mandate) (files []evidence.File, err error) {
	given, err := o.Store.MandateDocuments(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	of := map[string]bool{}
	for _, d := range given {
		of[d.EvidenceID] = d.Version == m.Version
	}
	all, err := o.Vault.List(ctx, mandates.Subject(m.ID))
	for _, f := range all {
		if of[f.ID] {
			files = append(files, f)
		}
	}
	return files, err
}

// Return asks the partner for what is missing.
func (o *Officer) Return(ctx context.Context, by portal.Actor, id, reason string) error {
	return o.Deeds.Return(ctx, officerEntry(by), id, reason)
}

// Page draws one page of a document; Release lets one out of quarantine.
func (o *Officer) Page(ctx context.Context, by portal.Actor, id, file string, n int) (evidence.Picture, error) {
	return o.Vault.Page(ctx, officerEntry(by), mandates.Subject(id), file, n)
}

// Release lets a document out of quarantine that no scanner can judge.
func (o *Officer) Release(ctx context.Context, by portal.Actor, id, file string) error {
	return o.Vault.Release(ctx, officerEntry(by), mandates.Subject(id), file)
}
