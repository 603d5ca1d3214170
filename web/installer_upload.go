package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	page "guichet/web/ui/page/partner"
	"guichet/works"
)

// uploadSize is the largest file of requests, in bytes.
const uploadSize = 512 << 10

// uploadForm tells how a file of several requests is written.
func (i installers) uploadForm(x *ctx) error { return i.showUpload(x, works.Bulk{}, "", nil) }

// example is such a file.
func (i installers) example(x *ctx) error {
	x.header("Content-Disposition", `attachment; filename="guichet-works.csv"`)
	x.send(http.StatusOK, "text/csv; charset=utf-8", []byte("\ufeff"+works.BulkExample()))
	return nil
}

// asker is who asks in a partner's file.
func asker(o partner.Organisation) works.Contact {
	return works.Contact{Kind: works.ThirdParty, Name: o.Name, Mail: o.Mail, Language: o.Language, CompanyNumber: o.CompanyNumber}
}

// upload reads a file and shows what would come of it: each line that is wrong
// with its reason, or all requests and a button. Nothing is recorded.
func (i installers) upload(x *ctx) error {
	if len(x.file.data) == 0 {
		return i.showUpload(x, works.Bulk{}, "", &portal.Error{Code: portal.Invalid, Key: "works.file", Field: "file"})
	}
	if err := i.files.spend(x); portal.CodeOf(err) == portal.TooMany {
		return i.showUpload(x, works.Bulk{}, "", &portal.Error{Code: portal.TooMany, Key: "works.often"})
	} else if err != nil {
		return err
	}
	b := works.ReadBulk(x.file.data, asker(x.guest().Organisation), x.now)
	if err := i.foreign(x, b); err != nil {
		return err
	}
	if !b.Fine() {
		var wrong error = b.Wrong
		if len(b.Wrong) == 0 {
			wrong = &portal.Error{Code: portal.Invalid, Key: "works.bulk.lines"}
		}
		return i.showUpload(x, b, "", wrong)
	}
	drafts := make([]works.Draft, len(b.Rows))
	for n, row := range b.Rows {
		drafts[n] = row.Draft
	}
	token, err := i.Works.Drafts.Keep(x.context(), works.Brought{PartnerID: x.guest().PartnerID, Drafts: drafts})
	if err != nil {
		return err
	}
	return i.showUpload(x, b, token.Reveal(), nil)
}

// foreign records columns that have no place in a request (W13).
func (i installers) foreign(x *ctx, b works.Bulk) error {
	names := slices.Clone(b.Foreign)
	for _, row := range b.Rows {
		for _, p := range row.Problems {
			if p.Key == "works.bulk.foreign" && !slices.Contains(names, p.Field) {
				names = append(names, p.Field)
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	if err := i.Follow.Room.Foreign(x.context(), x.by(), names); portal.CodeOf(err) != portal.Invalid {
		return err
	}
	return nil
}

// make records what a file that was found fine brought, all or nothing, and
// once: its requests have their ids since it was read.
func (i installers) make(x *ctx) error {
	token := x.secret("batch")
	brought, ok, err := i.Works.Drafts.Kept(x.context(), token, x.guest().PartnerID)
	if err != nil {
		return err
	}
	again := &portal.Error{Code: portal.Conflict, Key: "works.bulk.again"}
	if !ok {
		return i.showUpload(x, works.Bulk{}, "", again)
	}
	err = i.Follow.Room.CaptureAll(x.context(), x.by(), brought.Drafts, x.guest().PartnerID)
	if err != nil && portal.CodeOf(err) != portal.Conflict {
		if problemsOf(err) != nil { // a day wished for passed meanwhile: the file, read again, says which
			return i.showUpload(x, works.Bulk{}, "", again)
		}
		return err
	}
	return errors.Join(i.Works.Drafts.Drop(x.context(), token), x.redirect(x.path(installerPath+"?done=made")))
}

func (i installers) showUpload(x *ctx, b works.Bulk, token string, wrong error) error {
	x.at = installerPath + "/upload"
	return x.show(statusFor(wrong), page.WorksUploadPage(uploadView(x, b, token, wrong)))
}

func uploadView(x *ctx, b works.Bulk, token string, wrong error) page.WorksUpload {
	file := line(x, "file", "works.bulk.file", "", "")
	file.Kind, file.Accept, file.Hint = "file", ".csv,text/csv", x.T("works.bulk.file.hint", works.MostRows)
	v := page.WorksUpload{Frame: x.partnerFrame(x.T("works.bulk.title")),
		Form:    page.Form{Action: x.path(installerPath + "/upload"), Upload: true, Controls: []component.Control{file}, Submit: x.T("works.bulk.look")},
		Example: layout.Link{Text: x.T("works.bulk.example"), Href: x.path(installerPath + "/example.csv")},
		Back:    layout.Link{Text: x.T("works.installer.back"), Href: x.path(installerPath)}}
	v.Lead = x.T("works.bulk.lead")
	v.Columns = component.Table{ID: "columns", Caption: x.T("works.bulk.columns"), Region: x.T("works.bulk.columns"), Columns: []component.Column{
		{Text: x.T("works.bulk.column")}, {Text: x.T("works.bulk.means")}, {Text: x.T("works.bulk.values")}}}
	for _, name := range works.BulkColumns() {
		v.Columns.Rows = append(v.Columns.Rows, fact(name, x.T("works.field."+name), columnWords(x, name)))
	}
	v.Kinds = component.Table{ID: "kinds", Caption: x.T("works.bulk.kinds"), Region: x.T("works.bulk.kinds"), Columns: []component.Column{{Text: "kind"}, {Text: x.T("works.bulk.means")}}}
	for _, k := range works.PublicKinds() {
		if slices.Contains(k.Facts().Ask, works.ThirdParty) {
			v.Kinds.Rows = append(v.Kinds.Rows, fact(string(k), x.T("works.kind."+string(k))))
		}
	}
	switch {
	case token != "":
		v.Lead = x.T("works.bulk.fine", len(b.Rows))
		v.Make = &page.Button{Action: x.path(installerPath + "/upload/make"), Text: x.T("works.bulk.make", len(b.Rows)),
			Hidden: []component.Control{{Kind: "hidden", Field: component.Field{Name: "batch", Value: token}}}}
		v.Table = fineTable(x, b)
	case len(b.Rows) > 0:
		v.Table = wrongTable(x, b)
	}
	faulty(x, &v.Frame, v.Form.Controls, wrong)
	if n := len(v.Table.Rows); v.Summary != nil && n > 0 {
		v.Summary.Title = x.N("partner.problems", n)
	}
	return v
}

// columnWords tells what a column may hold.
func columnWords(x *ctx, name string) string {
	var values []string
	switch f := works.Field(name); {
	case name == "kind":
		values = []string{x.T("works.bulk.kinds.below")}
	case name == "energy":
		values = []string{string(portal.Electricity), string(portal.Gas)}
	case name == "dwelling", name == "end_user":
		values = []string{"yes"}
	case len(f.Choices()) > 0:
		for _, c := range f.Choices() {
			values = append(values, c+" ("+x.T("works.field."+name+"."+c)+")")
		}
	case f.IsDay():
		values = []string{x.T("works.bulk.day")}
	}
	return strings.Join(values, ", ")
}

func fineTable(x *ctx, b works.Bulk) component.Table {
	t := component.Table{ID: "rows", Caption: x.T("works.bulk.fine.caption"), Region: x.T("works.bulk.fine.caption"), Columns: []component.Column{
		{Text: x.T("works.bulk.line")}, {Text: x.T("works.request.column.kind")}, {Text: x.T("works.request.site")}, {Text: x.T("works.request.missing")}}}
	for _, row := range b.Rows {
		d := row.Draft
		t.Rows = append(t.Rows, fact(x.count(row.Line), x.T("works.kind."+d.Kind), siteWords(works.Address{Street: d.Street, Postcode: d.Postcode, Town: d.Town}),
			worksNames(x, works.Kind(d.Kind).Facts().Needs(works.ThirdParty))))
	}
	return t
}

// wrongTable names each line that is wrong, where, and why.
func wrongTable(x *ctx, b works.Bulk) component.Table {
	t := component.Table{ID: "rows", Caption: x.T("works.bulk.wrong.caption"), Region: x.T("works.bulk.wrong.caption"), Columns: []component.Column{
		{Text: x.T("works.bulk.line")}, {Text: x.T("works.bulk.column")}, {Text: x.T("works.bulk.reason")}}}
	for _, row := range b.Rows {
		for _, p := range row.Problems {
			column := p.Field
			if column == "" {
				column = "–"
			}
			t.Rows = append(t.Rows, fact(x.count(row.Line), column, x.T("error."+p.Key, p.Args...)))
		}
	}
	return t
}
