package web

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	"guichet/web/ui/page/public"
)

// visitsShown bounds the visits on the page; the download has them all.
const visitsShown = 50

// mine shows everything that the portal holds on the opened occupancy (S4).
func (s *site) mine(x *ctx) error {
	pass, index, err := x.holding()
	if err != nil {
		return err
	}
	d, asked, err := s.dossier(x, pass.Occupancy.ID)
	if err != nil {
		return err
	}
	if err := s.record(x, pass, audit.FileShown, map[string]string{"page": "mine"}); err != nil {
		return err
	}
	return x.show(http.StatusOK, public.MinePage(mineView(x, index, d, asked)))
}

func (s *site) dossier(x *ctx, id string) (registry.Dossier, []registry.Rectification, error) {
	d, err := s.Papers.Dossiers.Dossier(x.context(), id)
	if err != nil {
		return d, nil, err
	}
	asked, err := s.Papers.Rectifications.Of(x.context(), id)
	return d, asked, err
}

// mineJSON is the same to take away. Names of fields stay as they are for
// programs; the EAN is masked and no number opens anything (G12).
func (s *site) mineJSON(x *ctx) error {
	pass, _, err := x.holding()
	if err != nil {
		return err
	}
	d, asked, err := s.dossier(x, pass.Occupancy.ID)
	if err != nil {
		return err
	}
	if err := s.record(x, pass, audit.FileTaken, map[string]string{"page": "mine"}); err != nil {
		return err
	}
	data, err := json.MarshalIndent(dossierJSON(x, d, asked), "", "  ")
	if err != nil {
		return err
	}
	x.header("Content-Disposition", `attachment; filename="guichet-my-data.json"`)
	x.send(http.StatusOK, "application/json", append(data, '\n'))
	return nil
}

// local is a time with its offset; empty where there is none (D4).
func local(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(portal.Brussels).Format(time.RFC3339)
}

type span struct {
	What string `json:"what,omitempty"`
	From string `json:"from"`
	To   string `json:"to,omitempty"`
}

func spanOf(what string, p portal.Period) span { return span{what, local(p.From), local(p.To)} }

type heldJSON struct {
	Mark      string `json:"confidential"`
	Made      string `json:"made"`
	Occupancy struct {
		Name     string `json:"name"`
		Language string `json:"language"`
		Street   string `json:"street"`
		Postcode string `json:"postcode"`
		Town     string `json:"town"`
		Detail   string `json:"detail_since,omitempty"`
		span
	} `json:"occupancy"`
	AccessPoint struct {
		EAN      string `json:"ean_masked"`
		Energy   string `json:"energy"`
		Street   string `json:"street"`
		Postcode string `json:"postcode"`
		Town     string `json:"town"`
		PowerVA  int64  `json:"power_va,omitempty"`
	} `json:"access_point"`
	Meters     []span              `json:"meters"`
	Suppliers  []span              `json:"suppliers"`
	Registered []map[string]string `json:"registrations"`
	References []map[string]string `json:"references"`
	Visits     []map[string]string `json:"visits"`
	Readings   []map[string]string `json:"readings"`
	Letters    []map[string]string `json:"letters"`
	Requests   []map[string]string `json:"requests"`
}

func dossierJSON(x *ctx, d registry.Dossier, asked []registry.Rectification) heldJSON {
	h := heldJSON{Mark: x.T("confidential.mark"), Made: local(x.now), Meters: []span{}, Suppliers: []span{}}
	o, p := &h.Occupancy, &h.AccessPoint
	o.Name, o.Language, o.Street, o.Postcode, o.Town = d.Occupancy.Name, string(d.Occupancy.Language), d.Occupancy.Street, d.Occupancy.Postcode, d.Occupancy.Town
	o.Detail, o.span = local(d.Occupancy.DetailFrom), spanOf("", d.Occupancy.Period)
	p.EAN, p.Energy, p.Street, p.Postcode, p.Town, p.PowerVA = d.Point.EAN.Masked(), string(d.Point.Energy), d.Point.Street, d.Point.Postcode, d.Point.Town, d.Point.PowerVA
	for _, m := range d.Meters {
		h.Meters = append(h.Meters, spanOf(m.Number, m.Period))
	}
	for _, s := range d.Supplies {
		h.Suppliers = append(h.Suppliers, spanOf(s.Supplier, s.Period))
	}
	some := func(pairs ...string) map[string]string {
		m := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i+1] != "" {
				m[pairs[i]] = pairs[i+1]
			}
		}
		return m
	}
	yes := func(b bool) string {
		if b {
			return "yes"
		}
		return ""
	}
	for _, r := range d.Registrations {
		h.Registered = append(h.Registered, some("supplier_code", r.Supplier, "from", local(r.From), "to", local(r.To), "end", string(r.End)))
	}
	for _, r := range d.References {
		h.References = append(h.References, some("meter", r.MeterNumber, "issued", local(r.IssuedAt), "first_used", local(r.FirstUsedAt),
			"ended", local(r.EndedAt), "from_another_system", yes(r.Legacy), "blocked", yes(r.Blocked)))
	}
	for _, v := range d.Visits {
		h.Visits = append(h.Visits, some("opened", local(v.OpenedAt), "left", local(v.EndedAt), "latest_end", local(v.EndsAt)))
	}
	for _, r := range d.Readings {
		h.Readings = append(h.Readings, some("register", r.Register, "first_day", isoDay(r.First), "last_day", isoDay(r.Last), "days", strconv.FormatInt(r.Days, 10)))
	}
	for _, l := range d.Letters {
		h.Letters = append(h.Letters, some("kind", string(l.Kind), "queued", local(l.QueuedAt), "handed_over", local(l.HandedAt), "withdrawn", local(l.DroppedAt), "why", l.DroppedWhy))
	}
	for _, r := range asked {
		h.Requests = append(h.Requests, some("receipt", r.ID, "about", string(r.Field), "text", r.Text, "asked", local(r.AskedAt),
			"decided", local(r.DecidedAt), "decision", string(r.Decision), "answer", r.Answer))
	}
	return h
}

func mineView(x *ctx, index int, d registry.Dossier, asked []registry.Rectification) public.Mine {
	of := ofQuery(index)
	o, p := d.Occupancy, d.Point
	v := public.Mine{
		Base: x.base(x.T("mine.title")), Bar: barView(x, index, of),
		JSON: layout.Link{Text: x.T("mine.json"), Href: x.path("/mine.json" + of)},
		Fix:  layout.Link{Text: x.T("rectify.link"), Href: x.path("/rectify" + of)},
		Seen: layout.Link{Text: x.T("seen.link"), Href: x.path("/seen" + of)},
		Back: layout.Link{Text: x.T("seen.back"), Href: x.path("/consumption" + of)},
		Facts: []component.Row{
			fact(x.T("mine.name"), o.Name),
			fact(x.T("mine.mail"), address(o.Street, o.Postcode, o.Town)),
			fact(x.T("mine.language"), layout.LanguageName(o.Language)),
			fact(x.T("mine.period"), x.stretch(o.Period)),
			fact(x.T("mine.supply"), address(p.Street, p.Postcode, p.Town)),
			fact(x.T("csv.ean"), together(p.EAN.Masked())),
			fact(x.T("mine.detail"), x.yesSince(o.DetailFrom)),
		},
	}
	list := func(id string, columns []string, rows []component.Row) {
		t := component.Table{ID: id, Caption: x.T("mine." + id), Region: x.T("mine." + id), Rows: rows}
		for _, c := range columns {
			t.Columns = append(t.Columns, component.Column{Text: x.T("mine.column." + c), Numeric: c == "days"})
		}
		v.Tables = append(v.Tables, t)
	}
	var meters, suppliers, registered, references, visits, readings, letters, requests []component.Row
	for _, m := range d.Meters {
		meters = append(meters, fact(m.Number, x.stretch(m.Period)))
	}
	for _, s := range d.Supplies {
		suppliers = append(suppliers, fact(s.Supplier, x.stretch(s.Period)))
	}
	for _, r := range d.Registrations {
		end := x.T("mine.scenario.unknown")
		switch {
		case r.End != registry.UnknownEnd:
			end = x.T("mine.scenario." + string(r.End))
		case r.To.IsZero():
			end = x.T("mine.scenario.open")
		}
		registered = append(registered, fact(r.Supplier, x.stretch(r.Period), end))
	}
	for _, r := range d.References {
		references = append(references, fact(x.Date(r.IssuedAt), x.dayOrNone(r.FirstUsedAt), x.referenceState(r)))
	}
	for i, o := range d.Visits {
		if i == visitsShown {
			break
		}
		visits = append(visits, fact(x.Date(o.OpenedAt)+", "+x.Time(o.OpenedAt)))
	}
	for _, r := range d.Readings {
		readings = append(readings, fact(x.registerName(r.Register), x.Date(r.First), x.Date(r.Last), x.count(int(r.Days))))
	}
	for _, l := range d.Letters {
		letters = append(letters, fact(x.Date(l.QueuedAt), x.letterName(l.Kind), x.letterState(l)))
	}
	for _, r := range asked {
		requests = append(requests, fact(x.Date(r.AskedAt), x.T("rectify.field."+string(r.Field)), x.requestState(r)))
	}
	list("meters", []string{"meter", "period"}, meters)
	list("suppliers", []string{"supplier", "period"}, suppliers)
	list("registrations", []string{"code", "period", "end"}, registered)
	list("references", []string{"issued", "used", "state"}, references)
	list("readings", []string{"register", "first", "last", "days"}, readings)
	list("letters", []string{"day", "letter", "state"}, letters)
	list("requests", []string{"day", "about", "state"}, requests)
	list("visits", []string{"opened"}, visits)
	if len(d.Visits) > visitsShown {
		v.More = x.T("mine.more", x.count(visitsShown))
	}
	return v
}

func fact(head string, cells ...string) component.Row {
	r := component.Row{Head: head}
	for _, c := range cells {
		r.Cells = append(r.Cells, component.Cell{Text: c})
	}
	return r
}

func address(street, postcode, town string) string { return street + ", " + postcode + " " + town }

// stretch writes a period in words; its end is the last day.
func (x *ctx) stretch(p portal.Period) string {
	if p.To.IsZero() {
		return x.T("mine.since", x.Date(p.From))
	}
	return x.T("mine.between", x.Date(p.From), x.Date(p.To.Add(-time.Second)))
}

func (x *ctx) dayOrNone(t time.Time) string {
	if t.IsZero() {
		return x.T("mine.never")
	}
	return x.Date(t)
}

func (x *ctx) yesSince(t time.Time) string {
	if t.IsZero() {
		return x.T("mine.no")
	}
	return x.T("mine.since", x.Date(t))
}

func (x *ctx) referenceState(r registry.HeldReference) string {
	switch {
	case !r.EndedAt.IsZero():
		return x.T("mine.reference.ended", x.Date(r.EndedAt))
	case r.Blocked:
		return x.T("mine.reference.blocked")
	}
	return x.T("mine.reference.live")
}

func (x *ctx) registerName(r string) string {
	for _, known := range metering.Registers {
		if string(known) == r {
			return x.T("register." + r)
		}
	}
	return r
}

func (x *ctx) letterName(k outbox.Kind) string {
	return x.saidOr("mine.letter."+string(k), "mine.letter.other")
}

func (x *ctx) letterState(l registry.Sent) string {
	switch {
	case !l.HandedAt.IsZero():
		return x.T("mine.handed", x.Date(l.HandedAt))
	case !l.DroppedAt.IsZero():
		return x.T("mine.dropped", x.Date(l.DroppedAt))
	}
	return x.T("mine.waiting")
}

func (x *ctx) requestState(r registry.Rectification) string {
	if r.DecidedAt.IsZero() {
		return x.T("mine.until", x.Date(registry.AnsweredBy(r.AskedAt)))
	}
	return x.T("mine.decided", x.Date(r.DecidedAt)) + " " + x.T("letter.answer."+string(r.Decision))
}
