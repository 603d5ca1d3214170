package works

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

// MostRows is how many requests one file may bring.
const MostRows = 100

// bulkWaits is how long a file that was read waits for its yes.
const bulkWaits = 30 * time.Minute

// BulkColumns lists the columns that a file of several requests may have, in
// the order of its example: those of a capture's pages but for who asks, which
// is who brings the file.
func BulkColumns() []string {
	all := append([]string{"kind", "energy"}, siteFields...)
	all = append(append(append(all, billFields...), "company_number"), vatFields...)
	for _, f := range Fields {
		all = append(all, string(f))
	}
	return all
}

// BulkExample is a file as it is read.
func BulkExample() string {
	return "kind;energy;street;postcode;town;ean;supply;power_wished;description;wished_day;first_occupied;dwelling;end_user\n" +
		"phases;electricity;Rotenberg 12;4700;Eupen;541449011000000016;three-400;17,3;;;1998;yes;yes\n" +
		"meter-move;gas;Rue Haute 3;4000;Liège;541449011000000023;;;Compteur à déplacer dans le garage;;;;\n"
}

// BulkRow is one line of a file, with what is wrong in it.
type BulkRow struct {
	Line     int
	Draft    Draft
	Town     string
	Problems portal.Problems // each with the column as its Field; "" for the whole line
}

// Bulk is a file that was read: nothing of it is recorded yet.
type Bulk struct {
	Rows    []BulkRow
	Wrong   portal.Problems // of the file as a whole
	Foreign []string        // columns that have no place here (W13)
}

// Fine tells whether all of it can be recorded.
func (b Bulk) Fine() bool {
	return len(b.Wrong) == 0 && len(b.Rows) > 0 && !slices.ContainsFunc(b.Rows, func(r BulkRow) bool { return len(r.Problems) > 0 })
}

// ReadBulk reads a CSV file of requests that somebody makes for others; from is
// who asks. Each line is judged by the rules of a capture, and a column that a
// kind has no place for is refused by name as there (W13).
func ReadBulk(data []byte, from Contact, now time.Time) (b Bulk) {
	wrong := func(key string, args ...any) Bulk {
		b.Wrong = append(b.Wrong, &portal.Error{Code: portal.Invalid, Key: key, Field: "file", Args: args})
		return b
	}
	if !utf8.Valid(data) {
		data, _ = charmap.Windows1252.NewDecoder().Bytes(data)
	}
	text := registry.Options{Encoding: "utf-8"}.Reader(bytes.NewReader(data))
	in := csv.NewReader(text)
	in.Comma, in.FieldsPerRecord = registry.Separator(text), -1
	header, err := in.Read()
	if err != nil {
		return wrong("works.bulk.header")
	}
	columns := BulkColumns()
	if len(header) > 2*len(columns) || bytes.IndexByte(data, 0) >= 0 { // no such file: not worth a word to each column
		return wrong("works.bulk.header")
	}
	for i, title := range header {
		header[i] = strings.ToLower(strings.TrimSpace(title))
		switch {
		case !slices.Contains(columns, header[i]):
			b.Foreign = append(b.Foreign, header[i])
			wrong("works.bulk.column", i+1)
		case slices.Contains(header[:i], header[i]):
			wrong("works.bulk.twice", header[i])
		}
	}
	if !slices.Contains(header, "kind") || !slices.Contains(header, "town") {
		wrong("works.bulk.header")
	}
	if len(b.Wrong) > 0 {
		return b
	}
	for {
		cells, err := in.Read()
		var bad *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			if len(b.Rows) == 0 {
				return wrong("works.bulk.none")
			}
			return b
		case errors.As(err, &bad):
			return wrong("works.bulk.split", bad.Line)
		case err != nil:
			return wrong("works.bulk.header")
		case len(b.Rows) == MostRows:
			return wrong("works.bulk.many", MostRows)
		}
		line, _ := in.FieldPos(0)
		b.Rows = append(b.Rows, readRow(line, header, cells, from, now))
	}
}

func readRow(line int, header, cells []string, from Contact, now time.Time) BulkRow {
	row := BulkRow{Line: line}
	wrong := func(field, key string, args ...any) {
		row.Problems = append(row.Problems, &portal.Error{Code: portal.Invalid, Key: key, Field: field, Args: args})
	}
	if len(cells) != len(header) {
		wrong("", "works.bulk.width", len(cells), len(header))
		return row
	}
	typed := Typed{"requester": string(ThirdParty), "name": from.Name, "mail": from.Mail, "language": string(from.Language), "channel": string(ByMail)}
	for i, name := range header {
		if cell := strings.TrimSpace(cells[i]); cell != "" {
			typed[name] = cell
		}
	}
	row.Town = typed["town"]
	if utf8.RuneCountInString(row.Town) > longest {
		row.Town = ""
	}
	facts := typed.Facts()
	if facts.Kind == "" {
		wrong("kind", "works.choice")
		return row
	}
	held := map[string]bool{}
	for _, stage := range Stages {
		for _, name := range facts.Page(stage, ThirdParty) {
			held[name] = true
		}
	}
	for _, name := range header {
		switch v := typed[name]; {
		case v == "":
		case !held[name]:
			wrong(name, "works.bulk.foreign")
		case (name == "dwelling" || name == "end_user") && v != "yes":
			wrong(name, "works.bulk.yes")
		}
	}
	if typed["billing_name"] == "" && typed["company_number"] == "" { // who asks is invoiced
		typed["company_number"] = from.CompanyNumber
	}
	row.Draft = typed.Draft()
	row.Draft.ID = portal.NewID(now)
	var problems portal.Problems
	if _, err := row.Draft.Request(now); errors.As(err, &problems) {
		row.Problems = append(row.Problems, problems...)
	}
	return row
}

// Brought is a file of a partner that waits for its yes.
type Brought struct {
	PartnerID string
	Drafts    []Draft
}

// Keep keeps a file that was found fine for half an hour, and gives its token.
func (d *Drafts) Keep(ctx context.Context, w Brought) (keys.Secret, error) {
	token := keys.Secret(portal.Token())
	return token, d.write(ctx, "works-bulk:", token, w, bulkWaits)
}

// Kept reads a partner's file; false where there is none, or another's.
func (d *Drafts) Kept(ctx context.Context, token keys.Secret, partnerID string) (w Brought, ok bool, err error) {
	ok, err = d.read(ctx, "works-bulk:", token, &w)
	return w, ok && w.PartnerID == partnerID, err
}

// Drop forgets a file.
func (d *Drafts) Drop(ctx context.Context, token keys.Secret) error {
	return d.State.Delete(ctx, d.key("works-bulk:", token))
}

// CaptureAll records several requests of a partner, all or none, and sends one
// receipt with all their numbers and codes (W11). Conflict "works.made" where
// they were recorded before.
func (s *Service) CaptureAll(ctx context.Context, by audit.Entry, drafts []Draft, partnerID string) error {
	now := s.Clock()
	all := make([]Made, len(drafts))
	for i, d := range drafts {
		r, err := s.read(ctx, by, d, nil, now)
		if err != nil {
			return err
		}
		r.PartnerID = partnerID
		all[i] = Made{Request: r}
	}
	for {
		for i := range all {
			s.number(&all[i])
		}
		err := s.Runner.Do(ctx, func(t tx.Tx) error {
			for _, m := range all {
				if err := s.add(t, by, m.Request, nil); err != nil {
					return err
				}
			}
			receipt, err := receiptOfAll(all)
			if err != nil {
				return err
			}
			t.Send(receipt)
			return nil
		})
		if portal.CodeOf(err) != portal.Conflict {
			return err
		}
		for _, m := range all {
			if _, _, err := s.Store.Works(ctx, m.Request.ID); portal.CodeOf(err) != portal.NotFound {
				return errors.Join(err, &portal.Error{Code: portal.Conflict, Key: "works.made"})
			}
		}
	}
}

// receiptOfAll is the one receipt of requests that were made together.
func receiptOfAll(all []Made) (outbox.Letter, error) {
	one, err := all[0].letter()
	if err != nil || len(all) == 1 {
		return one, err
	}
	r := all[0].Request
	data := ReceiptLetter{MadeAt: r.MadeAt}
	for _, m := range all {
		data.Together = append(data.Together, ReceiptLine{Number: m.Request.Number.Reveal(), Code: m.Code.Reveal(), Kind: m.Request.Kind.Masked(), Town: m.Request.Site.Town})
	}
	one.Data, err = json.Marshal(data)
	return one, err
}
