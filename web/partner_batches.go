package web

import (
	"net/http"

	"guichet/mandates/batch"
	"guichet/web/ui/component"
	page "guichet/web/ui/page/partner"
)

// batchesAPage is small: the lines of each are counted.
const batchesAPage = 10

// counted is a batch with how far it is.
type counted struct {
	batch.Batch
	batch.Progress
}

// batches shows how far the programs' batches are, newest first.
func (p *partners) batches(x *ctx) error {
	x.at = "/partner/batches"
	list, err := p.Batches.Batches(x.context(), x.guest().PartnerID, x.query("before"), batchesAPage+1)
	if err != nil {
		return err
	}
	next := ""
	if len(list) > batchesAPage {
		list = list[:batchesAPage]
		next = x.path("/partner/batches?before=" + list[len(list)-1].ID)
	}
	all := make([]counted, len(list))
	for i, b := range list {
		all[i].Batch = b
		if _, all[i].Progress, err = p.Batches.PartnerBatch(x.context(), x.guest().PartnerID, b.ID); err != nil {
			return err
		}
	}
	return x.show(http.StatusOK, page.ListingPage(batchesView(x, all, next)))
}

func batchesView(x *ctx, list []counted, next string) page.Listing {
	v := page.Listing{Frame: x.partnerFrame(x.T("partner.batches.title")), None: x.T("partner.batches.none"), Next: next,
		Table: component.Table{ID: "batches", Caption: x.T("partner.batches.caption"), Region: x.T("partner.batches.title"), Columns: []component.Column{
			{Text: x.T("partner.batches.asked")}, {Text: x.T("partner.home.state")}, {Text: x.T("partner.take.grain")},
			{Text: x.T("partner.batches.worked"), Numeric: true}, {Text: x.T("partner.batches.delivered"), Numeric: true}, {Text: x.T("partner.batches.number")}}}}
	v.Lead = x.T("partner.batches.lead", x.count(int(batch.Life.Hours()/24)))
	if x.query("before") != "" {
		v.First = x.path("/partner/batches")
	}
	for _, b := range list {
		state := component.Cell{Text: x.T("partner.batches.working"), Tag: "warn"}
		if !b.DoneAt.IsZero() {
			state = component.Cell{Text: x.T("partner.batches.done"), Tag: "plain"}
		}
		v.Table.Rows = append(v.Table.Rows, component.Row{Head: x.moment(b.MadeAt), Cells: []component.Cell{state, {Text: x.T("grain." + string(b.Grain))},
			{Text: x.T("partner.batches.of", x.count(b.Worked), x.count(b.Lines))}, {Text: x.count(b.Delivered)}, {Text: b.ID}}})
	}
	return v
}
