package works

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"guichet/portal"
)

// Manner is how an offer was agreed to (W7).
type Manner string

// The manners.
const (
	OnLine  Manner = "line"
	OnPaper Manner = "paper"
)

// Offer is what the operator proposes and what became of it (W7). Amounts are
// in cents. The zero Offer is none.
type Offer struct {
	Version int64
	Lines   [4]int64 // A access, B connection, C metering, D miscellaneous, without VAT (facts C.4)
	Study   int64    // costs of the study, without VAT; said also where there are none
	Said    bool     // the lines and the study's costs were stated
	VAT     int64    // percent: 6 or 21 (facts C.5)
	Percent int64    // of the total, as deposit (D11)
	Terms   string   // version of the general conditions in force when it left (W21)
	TermsAt string   // where they are read, as it was set then; "" for older offers
	SentAt  time.Time
	ValidTo time.Time
	// Days are the working days in which the works are promised, where no law
	// says how many (C.4); 0: none. Extension tells that gas works need road
	// works or an extension of the network: another legal deadline.
	Days      int
	Extension bool
	// The agreement: who, when, how (W7).
	AgreedAt time.Time
	AgreedBy string // as typed
	AgreedOn Manner
	Paid     int64     // cents, by the bank's records
	PaidAt   time.Time // the bank's day on which the deposit was covered
}

// TermsLink is where the conditions of the offer are read in a language, "" where
// nobody said: TermsAt with {language} and {version} filled in.
func (o Offer) TermsLink(l portal.Language) string {
	return strings.NewReplacer("{language}", string(l), "{version}", url.PathEscape(o.Terms)).Replace(o.TermsAt)
}

// LineNames are the letters of the offer's lines.
var LineNames = [4]string{"A", "B", "C", "D"}

// Complete tells whether it may leave: both lines stated, with its VAT and the
// terms it links to (W7, W21).
func (o Offer) Complete() bool {
	return o.Said && o.Study >= 0 && slices.Min(o.Lines[:]) >= 0 && (o.VAT == 6 || o.VAT == 21) && o.Terms != ""
}

// Net is the sum without VAT, in cents.
func (o Offer) Net() int64 {
	sum := o.Study
	for _, l := range o.Lines {
		sum += l
	}
	return sum
}

// Tax is the VAT on the sum, in cents, half a cent upwards.
func (o Offer) Tax() int64 { return (o.Net()*o.VAT + 50) / 100 }

// Total is what is to be paid in all, in cents.
func (o Offer) Total() int64 { return o.Net() + o.Tax() }

// Deposit is what must be paid before anything is prepared, in cents (D11).
func (o Offer) Deposit() int64 { return (o.Total()*o.Percent + 50) / 100 }
