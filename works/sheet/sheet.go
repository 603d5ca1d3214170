// Package sheet reads the files in which the operator's works system tells of
// requests (D13), and protects the rest from them: a column that is not listed
// here is refused (W13), and a line that cannot be read keeps its whole file out.
// It decides nothing about a request; package works lays what was read over what
// is held.
package sheet

import (
	"cmp"
	"io"
	"slices"
	"strconv"
	"strings"

	"guichet/portal/keys"
	"guichet/portal/registry"
	"guichet/works"
	"guichet/works/calendar"
)

// captured are the columns of a request that the portal does not know yet.
var captured = []registry.Column{
	{Name: "kind", Form: "as below", About: "of a request that began in the works system, with the columns behind it; not read for one that is known"},
	{Name: "energy", Form: "electricity or gas"},
	{Name: "made_at", Form: "YYYY-MM-DD HH:MM:SS", About: "when it was made; empty: since"},
	{Name: "requester", Form: "person, company, third-party, public-body, supplier or internal"},
	{Name: "name", Form: "text"},
	{Name: "mail", Form: "address", Longest: 254},
	{Name: "telephone", Form: "text"},
	{Name: "language", Form: "fr, de, nl or en"},
	{Name: "channel", Form: "mail or post", About: "how the requester is written to: number and code, what is asked, the offer"},
	{Name: "street", Form: "text", About: "of the works"},
	{Name: "postcode", Form: "text"},
	{Name: "town", Form: "text"},
	{Name: "billing_name", Form: "text", About: "empty: the requester"},
	{Name: "billing_street", Form: "text", About: "empty: where the works are"},
	{Name: "billing_postcode", Form: "text"},
	{Name: "billing_town", Form: "text"},
	{Name: "company_number", Form: "10 digits"},
	{Name: "first_occupied", Form: "year", About: "declared for the VAT"},
	{Name: "dwelling", Form: "yes or no", About: "the same"},
	{Name: "end_user", Form: "yes or no", About: "the same"},
}

// Columns are those of a file, in the order of the example.
var Columns = func() []registry.Column {
	all := []registry.Column{
		{Name: "number", Form: "10 digits", About: "of the request, as the portal gave it; or external_id"},
		{Name: "external_id", Form: "text", About: "what the works system calls the request; told once with the number it may stand alone", Longest: 60},
		{Name: "status", Form: "as below", About: "where it stands", Needed: true},
		{Name: "since", Form: "YYYY-MM-DD HH:MM:SS", About: "when it came there; in Brussels, or with its offset (2026-10-25T02:30:00+01:00)", Needed: true},
		{Name: "changed", Form: "YYYY-MM-DD HH:MM:SS", About: "when the works system last changed the line; empty: since"},
		{Name: "reason", Form: "text", About: "demanded with awaiting, postponed, refused and cancelled: the requester reads it", Longest: 500, Lines: true},
		{Name: "missing", Form: "names, with spaces", About: "demanded with incomplete: documents and fields as below"},
		{Name: "missing_by", Form: "YYYY-MM-DD", About: "last day to give them; empty: 30 days"},
		{Name: "team", Form: "text", Longest: 40},
		{Name: "day", Form: "YYYY-MM-DD", About: "demanded with planned"},
		{Name: "half", Form: "morning or afternoon", About: "demanded with day"},
		{Name: "deadline", Form: "YYYY-MM-DD", About: "last day by which the works are promised; empty: counted here"},
		{Name: "line_a", Form: "euro", About: "access; with an offer all four, study and vat are demanded, 0 too"},
		{Name: "line_b", Form: "euro", About: "connection"},
		{Name: "line_c", Form: "euro", About: "metering"},
		{Name: "line_d", Form: "euro", About: "miscellaneous"},
		{Name: "study", Form: "euro", About: "costs of the study"},
		{Name: "vat", Form: "6 or 21", About: "per cent"},
		{Name: "deposit", Form: "0 to 100", About: "per cent of the total; empty: as the kind has it"},
		{Name: "terms", Form: "text", About: "version of the general conditions; empty: that in force"},
		{Name: "offered_at", Form: "YYYY-MM-DD HH:MM:SS", About: "when the offer left; empty: since, with offered"},
		{Name: "valid_to", Form: "YYYY-MM-DD", About: "last day to accept it; empty: as the kind has it"},
		{Name: "days", Form: "number", About: "working days in which the offer promises the works"},
		{Name: "extension", Form: "yes or no", About: "gas: road works or an extension of the network is needed"},
		{Name: "agreed_at", Form: "YYYY-MM-DD HH:MM:SS", About: "when it was accepted on paper; on line the portal knows"},
		{Name: "agreed_by", Form: "text"},
		{Name: "user_agreed_at", Form: "YYYY-MM-DD HH:MM:SS", About: "when the network user agreed"},
		{Name: "paid", Form: "euro", About: "paid in all; empty where guichet import payments tells it"},
		{Name: "paid_at", Form: "YYYY-MM-DD", About: "the bank's day on which the deposit was covered"},
		{Name: "result", Form: "text", About: "of the execution; demanded from done on", Longest: 2000, Lines: true},
		{Name: "asset_at", Form: "YYYY-MM-DD", About: "when the works were entered as assets; demanded with closed"},
		{Name: "invoiced_at", Form: "YYYY-MM-DD", About: "demanded with closed"},
	}
	all = append(all, captured...)
	for _, f := range works.Fields {
		c := registry.Column{Name: string(f), Form: "text", About: "technical, where the kind has it"}
		switch {
		case f.IsText():
			c.Longest, c.Lines = 2000, true
		case f.Tenths():
			c.Form = "number, 1 decimal"
		case f.IsDay():
			c.Form = "YYYY-MM-DD"
		case len(f.Choices()) > 0:
			c.Form = strings.Join(f.Choices(), " or ")
		}
		all = append(all, c)
	}
	return all
}()

// Format explains the file, for --help and the manual.
func Format() string {
	return `Files of the works system are CSV (; or , or tab) with a header; columns in any
order. A line says where one request stands; what it leaves empty stays as it is.
Several lines about one request are its history, in the order of since. A line
that is older than what is known moves nothing back, and a request that its
requester cancelled stays cancelled.

` + registry.Explain(Columns) + `
    status: ` + join(works.Statuses) + `

    kind: ` + join(works.Kinds) + `

    missing: ` + join(works.Documents) + `
    and the technical columns of the kind
`
}

func join[T ~string](names []T) string {
	var b strings.Builder
	width := 0
	for i, n := range names {
		if i > 0 {
			b.WriteString(", ")
			if width += len(n) + 2; width > 70 {
				b.WriteString("\n    ")
				width = 0
			}
		}
		b.WriteString(string(n))
	}
	return b.String()
}

// Example is a small file: a request that began in the works system, and its way
// to a planned day.
func Example() string {
	return `external_id;status;since;reason;team;day;half;line_a;line_b;line_c;line_d;study;vat;agreed_at;agreed_by;paid;paid_at;kind;energy;requester;name;mail;language;channel;street;postcode;town;ean
OT-2026-00117;received;2026-03-02 09:10:00;;;;;;;;;;;;;;;two-rate;electricity;person;Anna Schmitz;anna@example.org;de;mail;Rotenberg 12;4700;Eupen;541499000000123455
OT-2026-00117;offered;2026-03-05 15:40:00;;;;;0;0;100,00;0;0;21;;;;;;;;;;;;;;;
OT-2026-00117;preparing;2026-03-12 08:00:00;;Verviers;;;;;;;;;2026-03-10 11:00:00;Anna Schmitz;60,50;2026-03-11;;;;;;;;;;;
OT-2026-00117;planned;2026-03-13 10:20:00;;Verviers;2026-03-24;morning;;;;;;;;;;;;;;;;;;;;;
`
}

// Parse reads a file. The errors name every bad line; unknown are the titles of
// columns that have no place here (W13).
func Parse(in io.Reader, o registry.Options) (list []works.Report, wrong []registry.LineError, unknown []string) {
	wrong, unknown = registry.ReadSheet(in, o, Columns, func(r registry.Row) {
		if told := read(r); !r.Bad() {
			list = append(list, told)
		}
	})
	slices.SortFunc(wrong, func(a, b registry.LineError) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Reason, b.Reason))
	})
	return list, slices.Compact(wrong), unknown
}

func read(r registry.Row) works.Report {
	told := works.Report{Line: r.Line(), External: r.Text("external_id"), Status: works.Status(r.Text("status")),
		Since: r.Moment("since"), Changed: r.Moment("changed"), Reason: r.Text("reason"), Missing: strings.Fields(r.Text("missing")),
		Team: r.Text("team"), Deadline: r.Day("deadline"), UserAgreedAt: r.Moment("user_agreed_at"), AgreedAt: r.Moment("agreed_at"), AgreedBy: r.Text("agreed_by"),
		PaidAt: r.Day("paid_at"), Result: r.Text("result"), AssetAt: r.Day("asset_at"), InvoicedAt: r.Day("invoiced_at"), MadeAt: r.Moment("made_at")}
	if by := r.Day("missing_by"); !by.IsZero() {
		told.MissingBy = calendar.Fixed(by).Ends()
	}
	if n := r.Text("number"); n != "" {
		digits, ok := registry.CleanDigits(keys.Secret(n))
		if !ok || len(digits) != works.NumberLength {
			r.Refuse("number", "not the 10 digits of a request")
		}
		told.Number = digits
	} else if told.External == "" {
		r.Refuse("number", "neither number nor external_id")
	}
	day, half := r.Day("day"), works.Half(r.Text("half"))
	switch {
	case day.IsZero() && half == "":
	case day.IsZero() || !slices.Contains(works.Halves, half):
		r.Refuse("half", "day and half (morning or afternoon) go together")
	default:
		told.Day = half.On(day)
	}
	if r.Text("paid") != "" {
		paid := euro(r, "paid")
		told.Paid = &paid
	}
	told.Offer = offer(r)
	told.Made = capture(r)
	return told
}

// offer reads what stands there of one; nil where nothing does.
func offer(r registry.Row) *works.Offer {
	names := []string{"line_a", "line_b", "line_c", "line_d", "study", "vat", "deposit", "terms", "offered_at", "valid_to", "days", "extension"}
	if !slices.ContainsFunc(names, func(n string) bool { return r.Text(n) != "" }) {
		return nil
	}
	o := works.Offer{Study: euro(r, "study"), VAT: number(r, "vat", 0), Percent: number(r, "deposit", -1), Terms: r.Text("terms"),
		SentAt: r.Moment("offered_at"), Days: int(number(r, "days", 0)), Extension: yes(r, "extension")}
	for i, name := range names[:4] {
		o.Lines[i] = euro(r, name)
	}
	if to := r.Day("valid_to"); !to.IsZero() {
		o.ValidTo = calendar.Fixed(to).Ends()
	}
	return &o
}

func number(r registry.Row, name string, empty int64) int64 {
	text := r.Text(name)
	if text == "" {
		return empty
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		r.Refuse(name, "not a whole number")
	}
	return int64(n)
}

// euro reads an amount with at most two decimals, in cents; it must be there.
func euro(r registry.Row, name string) int64 {
	text := strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", ",", ".").Replace(r.Text(name))
	whole, part, _ := strings.Cut(text, ".")
	n, err := strconv.ParseUint(whole+(part + "00")[:2], 10, 40)
	switch {
	case text == "":
		r.Refuse(name, "missing: 0 where there is none")
	case err != nil || len(part) > 2:
		r.Refuse(name, "not an amount in euro, as 1250,00")
	}
	return int64(n)
}

// capture reads the request itself; nil where no kind is named.
func capture(r registry.Row) *works.Draft {
	if r.Text("kind") == "" {
		return nil
	}
	d := works.Draft{Kind: r.Text("kind"), Energy: r.Text("energy"), Requester: r.Text("requester"), Name: r.Text("name"), Mail: r.Text("mail"),
		Telephone: r.Text("telephone"), Language: r.Text("language"), Channel: r.Text("channel"), Street: r.Text("street"), Postcode: r.Text("postcode"),
		Town: r.Text("town"), BillingName: r.Text("billing_name"), BillingStreet: r.Text("billing_street"), BillingPostcode: r.Text("billing_postcode"),
		BillingTown: r.Text("billing_town"), CompanyNumber: r.Text("company_number"), FirstOccupied: r.Text("first_occupied"),
		Dwelling: yes(r, "dwelling"), EndUser: yes(r, "end_user"), Values: map[string]string{}}
	for _, f := range works.Fields {
		if v := r.Text(string(f)); v != "" {
			d.Values[string(f)] = v
		}
	}
	return &d
}

func yes(r registry.Row, name string) bool {
	switch r.Text(name) {
	case "yes":
		return true
	case "", "no":
	default:
		r.Refuse(name, "neither yes nor no")
	}
	return false
}
