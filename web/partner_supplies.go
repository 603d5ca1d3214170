package web

import (
	"net/http"

	"guichet/mandates"
	"guichet/portal"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	page "guichet/web/ui/page/partner"
)

func (x *ctx) supplyPath(id string) string { return x.path("/partner/supplies/" + id) }

// suppliesAPage is how many registrations one page shows.
const suppliesAPage = 100

// supplies lists the registrations of a supplier that hold now (L10, L26). Who
// is no supplier has no such page.
func (p *partners) supplies(x *ctx) error { return p.showSupplies(x, nil) }

func (p *partners) showSupplies(x *ctx, wrong error) error {
	to := x.guest().Organisation.AsSupplier()
	if to.Code == "" {
		return unspoken(http.StatusNotFound)
	}
	after := x.query("after")
	if after != "" && !nameForm.MatchString(after) {
		return unspoken(http.StatusNotFound)
	}
	list, err := p.Mandates.RegisteredTo(x.context(), x.by(), to, after, suppliesAPage+1)
	if err != nil {
		return err
	}
	x.at = "/partner/supplies"
	return x.show(statusFor(wrong), page.SuppliesPage(suppliesView(x, list, wrong)))
}

func suppliesView(x *ctx, list []mandates.Supplied, wrong error) page.Supplies {
	ean := line(x, "ean", "partner.supplies.ean", "partner.supplies.ean.hint", typed(x.field("ean")))
	v := page.Supplies{Frame: x.partnerFrame(x.T("partner.supplies.title")), FindTitle: x.T("partner.supplies.find"), None: x.T("partner.supplies.none"),
		Find: page.Form{Action: x.path("/partner/supplies"), Controls: []component.Control{ean}, Submit: x.T("partner.supplies.open")},
		Table: component.Table{ID: "supplies", Caption: x.T("partner.supplies.caption"), Region: x.T("partner.supplies.title"), Columns: []component.Column{
			{Text: x.T("csv.ean")}, {Text: x.T("partner.home.state")}, {Text: x.T("partner.supply.since")}, {Text: x.T("partner.supply.until")}, {Text: x.T("partner.supply.id")}}}}
	v.Lead = x.T("partner.supplies.lead")
	if len(list) > suppliesAPage {
		list = list[:suppliesAPage]
		v.Next = x.path("/partner/supplies?after=" + list[len(list)-1].ID)
	}
	if x.query("after") != "" {
		v.First = x.path("/partner/supplies")
	}
	for _, one := range list {
		v.Table.Rows = append(v.Table.Rows, component.Row{Head: together(one.EAN.Masked()), Href: x.supplyPath(one.ID), Cells: []component.Cell{
			supplyWord(x, one), {Text: x.Date(one.From)}, {Text: supplyEnd(x, one)}, {Text: one.ID}}})
	}
	faulty(x, &v.Frame, v.Find.Controls, wrong)
	return v
}

// supplyWord is where a registration stands: of an end under way nothing is
// told but that there is one (L14, L15).
func supplyWord(x *ctx, one mandates.Supplied) component.Cell {
	if one.Ending() {
		return component.Cell{Text: x.T("supply.status.ending"), Tag: "warn"}
	}
	return component.Cell{Text: x.T("supply.status.registered"), Tag: "plain"}
}

func supplyEnd(x *ctx, one mandates.Supplied) string {
	if one.To.IsZero() {
		return x.T("partner.supply.open")
	}
	return x.Date(lastDay(one.To))
}

// findSupply leads to the registration on an access point. It looks at the
// supplier's own alone: what is another's and what is not there are one answer.
func (p *partners) findSupply(x *ctx) error {
	ean, err := portal.ParseEAN(x.field("ean"))
	if err != nil {
		return p.showSupplies(x, portal.Problems{{Code: portal.Invalid, Key: "supply.ean", Field: "ean"}})
	}
	one, err := p.Mandates.RegisteredAt(x.context(), x.by(), x.guest().Organisation.AsSupplier(), ean)
	if portal.CodeOf(err) == portal.NotFound {
		return p.showSupplies(x, portal.Problems{{Code: portal.Invalid, Key: "supply", Field: "ean"}})
	}
	if err != nil {
		return err
	}
	return x.redirect(x.supplyPath(one.ID))
}

// supply shows one registration with its downloads.
func (p *partners) supply(x *ctx) error { return p.showSupply(x, nil) }

func (p *partners) showSupply(x *ctx, wrong error) error {
	one, err := p.Mandates.Registered(x.context(), x.by(), x.guest().Organisation.AsSupplier(), x.named("id"))
	if err != nil {
		return err
	}
	x.at = "/partner/supplies/" + one.ID
	return x.show(statusFor(wrong), page.LinePage(supplyView(x, one, wrong)))
}

func supplyView(x *ctx, one mandates.Supplied, wrong error) page.Line {
	tag := supplyWord(x, one)
	v := page.Line{Frame: x.partnerFrame(x.T("partner.supply.title", together(one.EAN.Masked()))), Tag: tag.Text, TagKind: tag.Tag,
		Turn: x.T("partner.supply.turn", x.Date(one.From)),
		Facts: []page.Fact{
			{Name: x.T("csv.ean"), Value: together(one.EAN.Masked())},
			{Name: x.T("partner.supply.id"), Value: one.ID, Mono: true},
			{Name: x.T("partner.supply.since"), Value: x.Date(one.From)},
			{Name: x.T("partner.supply.until"), Value: supplyEnd(x, one)},
		},
		Take: takeView(x, one.Kinds(), "partner.supply.text", "partner.supply.from.hint", x.supplyPath(one.ID)),
		Back: layout.Link{Text: x.T("partner.supply.back"), Href: x.path("/partner/supplies")}}
	if one.Ending() {
		v.Turn = x.T("partner.supply.ending", x.Date(one.From), x.Date(lastDay(one.To)))
	}
	faulty(x, &v.Frame, v.Take.Controls, wrong)
	return v
}

// takeSupply delivers on a registration, as take does on a mandate.
func (p *partners) takeSupply(x *ctx, f partnerFile) error {
	to, id := x.guest().Organisation.AsSupplier(), x.named("id")
	q, err := wanted(x, grainsOf(mandates.Kinds)) // which of them, Supply decides
	if err != nil {
		return p.showSupply(x, err)
	}
	d, err := p.Mandates.Supply(x.context(), p.PartnerDeps.History, x.by(), to, id, mandates.Asked{Query: q,
		Render: f.render(x, leaving{x.T("partner.supply.mark"), x.T("partner.supply.ground", id, to.Code)})})
	if portal.CodeOf(err) == portal.Denied {
		return p.showSupply(x, err)
	}
	if err != nil {
		return err
	}
	return f.send(x, d, p.Signer)
}
