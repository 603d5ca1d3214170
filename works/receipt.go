package works

import (
	"encoding/json"
	"time"

	"guichet/portal"
	"guichet/portal/outbox"
)

// ReceiptLetter is what a receipt says by mail or by post. Number and code open
// the request; nothing else in it opens anything (D10, G12).
type ReceiptLetter struct {
	Number, Code string
	Kind         Kind
	Energy       portal.Energy
	MadeAt       time.Time
	RenewedAt    time.Time // when another code was asked for; zero: it is the first
	Missing      []string  // fields and documents, until MissingBy (W5)
	MissingBy    time.Time
	Together     []ReceiptLine // of several that were made at once, instead of the one above
}

// ReceiptLine is one of them: what opens it, and which one it is.
type ReceiptLine struct {
	Number, Code string
	Kind         Kind
	Town         string
}

// letter is the receipt on its way: to the mail address or to where the invoice
// goes, as the requester chose.
func (m Made) letter() (outbox.Letter, error) {
	r := m.Request
	data, err := json.Marshal(ReceiptLetter{Number: r.Number.Reveal(), Code: m.Code.Reveal(), Kind: r.Kind.Masked(), Energy: r.Energy, MadeAt: r.MadeAt,
		RenewedAt: m.RenewedAt, Missing: r.Missing, MissingBy: r.MissingBy})
	l := outbox.Letter{Kind: outbox.WorksReceipt, Data: data}
	r.Address(&l)
	return l, err
}

// Address sends a letter where its requester wants to be written to.
func (r Request) Address(l *outbox.Letter) {
	l.Language = r.Language
	l.To = outbox.Address{Name: r.Name, Street: r.Billing.Street, Postcode: r.Billing.Postcode, Town: r.Billing.Town}
	if r.Channel == ByMail {
		l.Mail = r.Mail
	}
}
