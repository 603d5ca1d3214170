package works

import (
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"guichet/portal"
)

// Draft is a request as somebody types it: every field is text, so that a form
// comes back as it was sent.
type Draft struct {
	ID string // of the request it becomes; "" for a new one

	Kind, Energy                                             string
	Requester                                                string
	Name, Mail, Telephone, Language, Channel                 string
	BillingName, BillingStreet, BillingPostcode, BillingTown string // empty: as the site's
	CompanyNumber                                            string
	Street, Postcode, Town                                   string
	Values                                                   map[string]string // by Field
	FirstOccupied                                            string            // year
	Dwelling, EndUser                                        bool
}

// Stage is one page of the capture. A new one needs: Stages, stageOf,
// web/locales "works.stage."+name.
type Stage string

// The stages.
const (
	StageKind   Stage = "kind"
	StageYou    Stage = "you"
	StageSite   Stage = "site"
	StageWorks  Stage = "works"
	StageBill   Stage = "bill"
	StagePapers Stage = "papers"
	StageCheck  Stage = "check"
)

// Stages lists them all, in order.
var Stages = []Stage{StageKind, StageYou, StageSite, StageWorks, StageBill, StagePapers, StageCheck}

// stageOf tells on which page a field stands; technical fields stand on StageWorks.
var stageOf = map[string]Stage{
	"kind": StageKind, "energy": StageKind, "requester": StageYou,
	"name": StageYou, "mail": StageYou, "telephone": StageYou, "language": StageYou, "channel": StageYou,
	"street": StageSite, "postcode": StageSite, "town": StageSite, string(Parcel): StageSite,
	string(EAN): StageSite, string(MeterNumber): StageSite,
	"billing_name": StageBill, "billing_street": StageBill, "billing_postcode": StageBill, "billing_town": StageBill,
	"company_number": StageBill, "first_occupied": StageBill,
}

// StageOf tells on which page a field stands.
func StageOf(field string) Stage {
	if s, ok := stageOf[field]; ok {
		return s
	}
	return StageWorks
}

// At gives the problems of one page.
func At(stage Stage, problems portal.Problems) (here portal.Problems) {
	for _, p := range problems {
		if StageOf(p.Field) == stage {
			here = append(here, p)
		}
	}
	return here
}

// What a request may hold.
const (
	longest   = 120 // characters, as every short text here
	firstYear = 1800
)

// Request reads a draft. Nothing of it is compared with the register: what
// comes back is the same whether the point or the address exists (G13). The
// error is portal.Problems, each with the Field it is about.
func (d Draft) Request(now time.Time) (Request, error) {
	r := reader{now: now}
	q := Request{Kind: Kind(d.Kind), Energy: portal.Energy(d.Energy), MadeAt: now, Since: now, MovedAt: now, Phase: Capture, Status: Received}
	kind := q.Kind.Facts()
	if kind.Kind == "" {
		r.wrong("kind", "works.choice")
		return Request{}, r.problems
	}
	if !slices.Contains(kind.Energies, q.Energy) {
		r.wrong("energy", "works.choice")
	}
	q.Contact = r.contact(d, kind)
	q.Site = Address{r.short("street", d.Street, kind.placed(d.Values), longest), r.short("postcode", d.Postcode, kind.placed(d.Values), 12),
		r.short("town", d.Town, true, longest)}
	q.Values = r.values(kind, d.Values)
	r.bill(d, kind, &q)
	if len(r.problems) > 0 {
		slices.SortStableFunc(r.problems, func(a, b *portal.Error) int {
			return slices.Index(Stages, StageOf(a.Field)) - slices.Index(Stages, StageOf(b.Field))
		})
		return Request{}, r.problems
	}
	return q, nil
}

// placed tells whether street and postcode are needed: a parcel without an
// address is known by its town and its place (facts C.2).
func (f Facts) placed(values map[string]string) bool {
	return !f.Holds(Parcel) || strings.TrimSpace(values[string(Parcel)]) == ""
}

func (r *reader) contact(d Draft, kind Facts) Contact {
	c := Contact{Kind: RequesterKind(d.Requester), Name: r.short("name", d.Name, true, longest), Channel: Channel(d.Channel)}
	switch {
	case c.Kind == "":
		r.wrong("requester", "works.choice")
	case !slices.Contains(kind.Ask, c.Kind):
		r.wrong("requester", "works.ask")
	}
	var ok bool
	if c.Language, ok = portal.ParseLanguage(d.Language); !ok {
		r.wrong("language", "works.choice")
	}
	switch c.Channel {
	case ByMail, ByPost:
	default:
		r.wrong("channel", "works.choice")
	}
	if given := strings.TrimSpace(d.Mail); given != "" || c.Channel == ByMail {
		at, err := mail.ParseAddress(given)
		switch {
		case given == "":
			r.wrong("mail", "works.empty")
		case err != nil || at.Address != given || len(given) > 254:
			r.wrong("mail", "works.mail")
		}
		c.Mail = given
	}
	c.Telephone = r.short("telephone", d.Telephone, false, 30)
	digits := 0
	for _, char := range c.Telephone {
		switch {
		case unicode.IsDigit(char):
			digits++
		case !strings.ContainsRune("+ ./()-", char):
			digits = -100
		}
	}
	if c.Telephone != "" && digits < 8 {
		r.wrong("telephone", "works.telephone")
	}
	return c
}

// bill reads who is invoiced, and what is declared for the VAT rate. Where
// nothing is typed the invoice goes to the requester at the site.
func (r *reader) bill(d Draft, kind Facts, q *Request) {
	apart := strings.TrimSpace(d.BillingStreet+d.BillingPostcode+d.BillingTown) != ""
	q.BillingName = r.short("billing_name", d.BillingName, false, longest)
	q.Billing = q.Site
	if apart || q.Channel == ByPost && q.Site.Street == "" {
		q.Billing = Address{r.short("billing_street", d.BillingStreet, true, longest), r.short("billing_postcode", d.BillingPostcode, true, 12),
			r.short("billing_town", d.BillingTown, true, longest)}
	}
	if q.BillingName == "" {
		q.BillingName = q.Name
	}
	if given := strings.TrimSpace(d.CompanyNumber); given != "" {
		var ok bool
		if q.CompanyNumber, ok = portal.CompanyNumber(given); !ok {
			r.wrong("company_number", "works.company")
		}
	} else if q.Contact.Kind == Company || q.Contact.Kind == Supplier {
		r.wrong("company_number", "works.empty")
	}
	if !kind.ReducedVAT {
		return // nothing to declare: nothing is kept (W13)
	}
	q.Declared = Declared{Dwelling: d.Dwelling, EndUser: d.EndUser}
	if given := strings.TrimSpace(d.FirstOccupied); given != "" {
		year, err := strconv.Atoi(given)
		if err != nil || year < firstYear || year > r.now.Year() {
			r.wrong("first_occupied", "works.year", firstYear, r.now.Year())
		}
		q.Declared.FirstOccupied = year
	}
}
