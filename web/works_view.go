package web

import (
	"slices"
	"strings"

	"guichet/portal"
	"guichet/portal/evidence"
	"guichet/portal/keys"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	"guichet/web/ui/page/public"
	"guichet/works"

	"github.com/a-h/templ"
)

// worksGroups are the kinds as the first page groups them. One that is missing
// here stands below, without a heading.
var worksGroups = []struct {
	name  string
	kinds []works.Kind
}{
	{"new", []works.Kind{works.NewConnection, works.NewCollective, works.GasConnection, works.Provisional, works.Subdivision}},
	{"change", []works.Kind{works.MorePower, works.Phases13, works.MeterMove, works.ChangeExisting, works.Removal}},
	{"meter", []works.Kind{works.SmartMeter, works.FourQuadrant, works.TwoRate, works.NightOnly, works.CustomerPort, works.MeterCheck}},
	{"service", []works.Kind{works.Opening, works.ClosingPoint, works.Declaration}},
}

// worksNewPage draws one page of a capture from what its kind asks.
func worksNewPage(x *ctx, sheet works.Sheet, stage works.Stage, tied bool, wrong error) templ.Component {
	typed := sheet.Typed
	pages := works.Pages(typed)
	v := public.WorksNew{Base: x.base(x.T("works.stage." + string(stage))), Stage: string(stage), Action: x.path("/works/new"),
		Step:   x.T("works.new.step", slices.Index(pages, stage)+1, len(pages)),
		Submit: x.T("works.new.next"), Do: "next", More: layout.Link{Text: x.T("works.new.privacy.more"), Href: x.path("/privacy")}}
	if key := "works.new.lead." + string(stage); x.Has(key) {
		v.Lead = x.T(key)
	}
	if stage != works.StageKind {
		v.Back = x.T("works.new.back")
	}
	if sheet.ID != "" {
		v.Discard = x.T("works.new.discard")
		if x.field("do") == "discard" {
			v.Sure, v.Keep = x.T("works.new.discard.sure"), layout.Link{Text: x.T("works.new.discard.keep"), Href: worksStep(x, stage)}
		}
	}
	for _, name := range typed.Facts().Page(stage, typed.Requester()) {
		v.Controls = append(v.Controls, worksControls(x, typed, name)...)
	}
	placed := v.Controls
	switch stage {
	case works.StageKind:
		v.Privacy, v.Follow = true, layout.Link{Text: x.T("works.new.follow"), Href: x.path("/works/lookup")}
	case works.StagePapers:
		v.Papers = worksPapersView(x, sheet)
		placed = v.Papers.Controls
	case works.StageCheck:
		v.Privacy, v.Submit, v.Do = true, x.T("works.new.send"), "send"
		v.Sections = worksAnswers(x, sheet)
		if tied {
			v.Notes = append(v.Notes, x.T("works.new.tied"))
		}
		if missing := worksMissing(typed, sheet.Papers); len(missing) > 0 {
			v.Notes = append(v.Notes, x.T("works.new.papers.missing", worksNames(x, missing)))
		}
	}
	if problems := problemsOf(wrong); len(problems) > 0 {
		v.Error = true
		page := typed.Facts().Page(stage, typed.Requester())
		slices.SortStableFunc(problems, func(a, b *portal.Error) int { return slices.Index(page, a.Field) - slices.Index(page, b.Field) })
		if stage == works.StageCheck {
			v.Summary = worksFaults(x, problems)
		} else {
			v.Summary = spread(x, placed, problems)
		}
	}
	return public.WorksNewPage(v)
}

// worksControls are the inputs of one field.
func worksControls(x *ctx, typed works.Typed, name string) []component.Control {
	if name == "dwelling" || name == "end_user" { // two boxes under one question
		if name == "end_user" {
			return nil
		}
		c := line(x, "vat", "works.field.vat", "works.field.vat.hint", "")
		c.Kind, c.Options = "checks", []component.Option{
			{Name: "dwelling", Text: x.T("works.field.dwelling"), Selected: typed["dwelling"] != ""},
			{Name: "end_user", Text: x.T("works.field.end_user"), Selected: typed["end_user"] != ""}}
		return []component.Control{c}
	}
	key := "works.field." + name
	c := line(x, name, key, "", typed[name])
	if x.Has(key + ".hint") {
		c.Hint = x.T(key + ".hint")
	}
	field := works.Field(name)
	facts := typed.Facts()
	if slices.Contains(facts.May, field) {
		c.Label = x.T("works.new.optional", c.Label)
	}
	switch {
	case name == "kind":
		c.Kind, c.Options = "radios", worksKinds(x, typed[name])
	case name == "energy":
		c.Kind, c.Options = "radios", worksOptions(x, "energy.", typed[name], portal.Electricity, portal.Gas)
	case name == "requester":
		c.Kind, c.Options = "radios", worksOptions(x, "works.requester.", typed[name], facts.Askers()...)
	case name == "channel":
		c.Kind, c.Options = "radios", worksOptions(x, "works.field.channel.", typed[name], works.ByMail, works.ByPost)
	case name == "language":
		chosen := typed[name]
		if chosen == "" {
			chosen = string(x.Lang)
		}
		c = languages(x, key, chosen)
	case len(field.Choices()) > 0:
		c.Kind, c.Options = "radios", worksOptions(x, key+".", typed[name], field.Choices()...)
	case field.IsText():
		c.Kind, c.Rows = "area", 5
	case field.IsDay():
		c.Kind = "date"
	case field == works.EAN:
		c.Class = "ean"
	}
	c.Type, c.Auto = worksTypes[name].kind, worksTypes[name].auto
	return []component.Control{c}
}

// worksTypes say what browsers may fill in: what is the visitor's own (WCAG 1.3.5).
var worksTypes = map[string]struct{ kind, auto string }{
	"name": {"", "name"}, "mail": {"email", "email"}, "telephone": {"tel", "tel"},
	"billing_name": {"", "billing name"}, "billing_street": {"", "billing address-line1"},
	"billing_postcode": {"", "billing postal-code"}, "billing_town": {"", "billing address-level2"},
}

func worksOptions[T ~string](x *ctx, prefix, chosen string, values ...T) (all []component.Option) {
	for _, v := range values {
		all = append(all, component.Option{Value: string(v), Text: x.T(prefix + string(v)), Selected: chosen == string(v)})
	}
	return all
}

// worksKinds are those that the public may ask for, in their groups.
func worksKinds(x *ctx, chosen string) (all []component.Option) {
	left := works.PublicKinds()
	add := func(k works.Kind, group string) {
		at := slices.Index(left, k)
		if at < 0 {
			return
		}
		left = slices.Delete(left, at, at+1)
		o := component.Option{Value: string(k), Text: x.T("works.kind." + string(k)), Group: group, Selected: chosen == string(k)}
		if hint := "works.kind." + string(k) + ".hint"; x.Has(hint) {
			o.Hint = x.T(hint)
		}
		all = append(all, o)
	}
	for _, g := range worksGroups {
		heading := x.T("works.group." + g.name)
		for _, k := range g.kinds {
			add(k, heading)
			heading = ""
		}
	}
	for _, k := range slices.Clone(left) {
		add(k, "")
	}
	return all
}

func worksPapersView(x *ctx, sheet works.Sheet) *public.WorksPapers {
	facts, as := sheet.Typed.Facts(), sheet.Typed.Requester()
	v := &public.WorksPapers{Action: x.path("/works/new/paper")}
	if need := facts.Needs(as); len(need) > 0 {
		v.Need = x.T("works.new.papers.need", worksNames(x, need))
	}
	for _, p := range sheet.Papers {
		v.Added = append(v.Added, public.WorksPaper{ID: p.ID, Document: x.T("works.document." + string(p.Document)), Name: p.Name, Size: worksSize(x, p.Size)})
	}
	what, file := line(x, "document", "works.new.papers.what", "", ""), line(x, "file", "works.new.papers.file", "", "")
	what.Kind, what.Options = "radios", worksOptions(x, "works.document.", x.field("document"), facts.Takes(as)...)
	file.Kind, file.Accept, file.Hint = "file", ".pdf,.jpg,.jpeg,.png", x.T("works.new.papers.file.hint", evidence.MaxSize>>20)
	v.Controls = []component.Control{what, file}
	return v
}

func worksSize(x *ctx, bytes int64) string {
	return x.T("works.new.papers.size", x.Number((bytes+1023)/1024*1000, 0))
}

// worksMissing are the papers that a kind needs and a capture has not.
func worksMissing(typed works.Typed, papers []works.Attached) (missing []works.Document) {
	for _, need := range typed.Facts().Needs(typed.Requester()) {
		if !slices.ContainsFunc(papers, func(p works.Attached) bool { return p.Document == need }) {
			missing = append(missing, need)
		}
	}
	return missing
}

// worksNames names documents, or fields, one after the other.
func worksNames[T ~string](x *ctx, list []T) string {
	words := make([]string, len(list))
	for i, d := range list {
		words[i] = x.saidOr("works.document."+string(d), "works.field."+string(d))
	}
	return x.List(words)
}

// worksAnswers is all that was answered, page by page.
func worksAnswers(x *ctx, sheet works.Sheet) (all []public.WorksSection) {
	typed := sheet.Typed
	_, err := typed.Draft().Request(x.now)
	problems := problemsOf(err)
	for _, stage := range works.Pages(typed) {
		if stage == works.StageCheck {
			break
		}
		title := x.T("works.stage." + string(stage))
		if stage == works.StageKind {
			title = x.T("works.field.kind")
		}
		s := public.WorksSection{ID: "part-" + string(stage), Title: title, Name: x.T("works.new.change.of", title),
			Change: layout.Link{Text: x.T("works.new.change"), Href: worksStep(x, stage)}}
		for _, name := range typed.Facts().Page(stage, typed.Requester()) {
			label := x.T("works.field." + name)
			if name == "kind" { // the title asks that
				label = x.T("works.request.kind")
			}
			row := public.WorksRow{Name: label, Value: worksValue(x, typed, name)}
			for _, p := range works.At(stage, problems) {
				if p.Field == name {
					row.Wrong = x.T("error."+p.Key, p.Args...)
				}
			}
			if row.Value != "" || row.Wrong != "" {
				s.Rows = append(s.Rows, row)
			}
		}
		if stage == works.StagePapers {
			for _, p := range sheet.Papers {
				s.Rows = append(s.Rows, public.WorksRow{Name: x.T("works.document." + string(p.Document)), Value: p.Name})
			}
		}
		if len(s.Rows) == 0 {
			s.None = x.saidOr("works.new.nothing."+string(stage), "works.new.nothing")
		}
		all = append(all, s)
	}
	return all
}

// worksValue is an answer as people read it; an EAN is masked wherever it is
// not being typed (G12).
func worksValue(x *ctx, typed works.Typed, name string) string {
	v := strings.TrimSpace(typed[name])
	if name == "energy" && v == "" {
		v = typed.Draft().Energy
	}
	said := func(key string) string { return x.saidOr(key, "works.new.nothing") }
	switch field := works.Field(name); {
	case name == "dwelling", name == "end_user":
		if v == "" {
			return x.T("works.new.no")
		}
		return x.T("works.new.yes")
	case v == "":
		return ""
	case name == "kind":
		return said("works.kind." + v)
	case name == "energy":
		return said("energy." + v)
	case name == "requester":
		return said("works.requester." + v)
	case name == "channel":
		return said("works.field.channel." + v)
	case name == "language":
		lang, _ := portal.ParseLanguage(v)
		return layout.LanguageName(lang)
	case field == works.EAN:
		if ean, err := portal.ParseEAN(v); err == nil {
			return together(ean.Masked())
		}
		return x.T("works.new.nothing")
	case len(field.Choices()) > 0:
		return said("works.field." + name + "." + v)
	case field.IsDay():
		if day, err := portal.ParseDate(v); err == nil {
			return x.Date(day)
		}
	}
	return v
}

// worksFaults leads to the part of the last page where something is wrong.
func worksFaults(x *ctx, problems portal.Problems) *component.Summary {
	s := &component.Summary{Title: x.N("partner.problems", len(problems))}
	for _, p := range problems {
		text := x.T("error."+p.Key, p.Args...)
		if p.Field == "" {
			s.Paragraphs = append(s.Paragraphs, text)
			continue
		}
		s.Fields = append(s.Fields, component.FieldLink{Name: "part-" + string(works.StageOf(p.Field)), Text: x.T("partner.problem", strings.TrimRight(x.T("works.field."+p.Field), "?\u00a0 "), text)})
	}
	return s
}

func worksMadeView(x *ctx, r works.Receipt) public.WorksMade {
	x.at = "/works/made"
	v := public.WorksMade{Base: x.base(x.T("works.made.title")), Lead: x.T("works.made.lead"),
		Number: worksNumber(r.Number), Code: r.Code.Reveal(), Next: x.T("works.made.next"),
		Texts: []string{x.T("works.made.by." + string(r.Channel)), x.T("works.made.print")},
		Links: []layout.Link{{Text: x.T("works.made.follow"), Href: x.path("/works/lookup")}, {Text: x.T("ended.home"), Href: x.path("/")}}}
	if len(r.Missing) > 0 {
		v.Missing = x.T("works.made.missing", worksNames(x, r.Missing), x.Date(r.MissingBy))
	}
	return v
}

func worksGoneView(x *ctx) public.WorksMade {
	x.at = "/works/made"
	return public.WorksMade{Base: x.base(x.T("works.made.gone")), Lead: x.T("works.made.gone.text"),
		Links: []layout.Link{{Text: x.T("works.made.again"), Href: x.path("/works/made")}, {Text: x.T("works.made.follow"), Href: x.path("/works/lookup")},
			{Text: x.T("ended.home"), Href: x.path("/")}}}
}

// worksNumber is a number as people read it.
func worksNumber(number keys.Secret) string { return works.FormatNumber(number.Reveal()) }
