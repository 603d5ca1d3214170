package letter

import (
	"strconv"
	"strings"
	"time"

	"guichet/portal/outbox"
	"guichet/web/i18n"
	"guichet/works"
	"guichet/works/calendar"
)

// Offer is the offer as a paper to read, sign and keep, in the requester's own
// language (W7, W21): its lines, taxes and deposit, until when and how it can
// be accepted. communication is what the transfer must carry.
func Offer(v works.View, communication string, made time.Time, h House) Paper {
	c := i18n.For(v.Contact.Language)
	_, door := h.door(c.Lang)
	f := v.Offer
	p := Paper{Language: c.Lang, Made: c.Date(made), Title: c.T("letter.offer.title"),
		To: window(outbox.Address{Name: v.Contact.BillingName, Street: v.Contact.Billing.Street, Postcode: v.Contact.Billing.Postcode, Town: v.Contact.Billing.Town}),
		Paragraphs: []string{
			c.T("letter.offer.what", works.FormatNumber(v.Number.Reveal()), c.T("works.kind."+string(v.Kind)), place(v.Site)),
			c.T("letter.offer.valid", f.Version, c.Date(f.SentAt), c.Date(f.ValidTo.Add(-time.Second))),
		},
	}
	p.amounts(c, h, f, communication)
	if v.Promised {
		key := "works.date.promise.days"
		if v.Rule.Unit == calendar.Working {
			key = "works.date.promise.working"
		}
		p.After = append(p.After, c.T(key, strconv.Itoa(v.Rule.N)), c.T("works.date.promise.how"))
	}
	p.terms(c, f)
	p.After = append(p.After, c.T("letter.offer.change"), c.T("letter.offer.online", strings.TrimSuffix(door, "/lookup")+"/works/lookup"),
		c.T("letter.offer.paper", h.CallCentre), c.T("letter.offer.place"), c.T("letter.offer.signature"))
	return p
}

// terms says which general conditions are part of an offer, and where they are (W21).
func (p *Paper) terms(c *i18n.Catalog, f works.Offer) {
	p.After = append(p.After, c.T("letter.offer.terms", f.Terms))
	if at := f.TermsLink(c.Lang); at != "" {
		p.After = append(p.After, c.T("letter.offer.terms.at", at))
	}
}

// place writes where works are; a parcel has no street.
func place(a works.Address) string {
	town := strings.TrimSpace(a.Postcode + " " + a.Town)
	if a.Street == "" {
		return town
	}
	return a.Street + ", " + town
}

func euros(c *i18n.Catalog, cents int64) string { return c.Number(cents*10, 2) + "\u00a0€" }

// AccountWords tells where payments go: to the operator's account, or to the one
// on the invoice that it sends.
func AccountWords(c *i18n.Catalog, h House) string {
	if h.Account == "" {
		return c.T("works.account.invoice")
	}
	return c.T("works.account", h.Account, h.Operator)
}

// amounts puts an offer's lines, taxes and deposit into a paper. communication
// is what the transfer must carry.
func (p *Paper) amounts(c *i18n.Catalog, h House, f works.Offer, communication string) {
	p.Caption = c.T("works.offer.caption", f.Version)
	p.Columns = []Column{{Text: c.T("works.offer.column.line")}, {Text: c.T("works.offer.column.amount"), Numeric: true}}
	for i, key := range [4]string{"works.offer.line.a", "works.offer.line.b", "works.offer.line.c", "works.offer.line.d"} {
		p.Rows = append(p.Rows, []string{c.T(key), euros(c, f.Lines[i])})
	}
	p.Rows = append(p.Rows, []string{c.T("works.offer.study"), euros(c, f.Study)}, []string{c.T("letter.offer.net"), euros(c, f.Net())},
		[]string{c.T("works.offer.vat", f.VAT), euros(c, f.Tax())}, []string{c.T("works.offer.total"), euros(c, f.Total())})
	if f.Deposit() > 0 {
		p.After = append(p.After, c.T("letter.offer.deposit", euros(c, f.Deposit()), communication, AccountWords(c, h)))
	}
}
