package web

import (
	"net/url"

	"guichet/portal"
	"guichet/web/ui/page/public"
	"guichet/works"

	"github.com/a-h/templ"
)

// captureFixtures are the pages of making a request.
func captureFixtures() (all []fixture) {
	for _, stage := range works.Stages {
		all = append(all, fixture{"works-new-" + string(stage), captureFixture(stage, works.Phases13, nil)})
	}
	return append(all,
		fixture{"works-new-third-party", captureFixture(works.StagePapers, works.NewCollective, nil)},
		fixture{"works-new-parcel", captureFixture(works.StageSite, works.NewConnection, nil)},
		fixture{"works-new-problems", captureFixture(works.StageYou, works.Phases13, portal.Problems{
			{Code: portal.Invalid, Key: "works.empty", Field: "name"}, {Code: portal.Invalid, Key: "works.ask", Field: "requester"},
			{Code: portal.Invalid, Key: "works.mail", Field: "mail"}})},
		fixture{"works-new-kind-problem", captureFixture(works.StageKind, works.Phases13, portal.Problems{
			{Code: portal.Invalid, Key: "works.choice", Field: "kind"}, {Code: portal.Invalid, Key: "works.choice", Field: "energy"}})},
		fixture{"works-new-site-problem", captureFixture(works.StageSite, works.NewConnection, portal.Problems{
			{Code: portal.Invalid, Key: "works.empty", Field: "street"}, {Code: portal.Invalid, Key: "works.long", Field: "parcel", Args: []any{120}}})},
		fixture{"works-new-works-problem", captureFixture(works.StageWorks, works.Provisional, portal.Problems{
			{Code: portal.Invalid, Key: "works.amount", Field: "power_wished", Args: []any{10_000}}, {Code: portal.Invalid, Key: "works.past", Field: "wished_day"},
			{Code: portal.Invalid, Key: "works.order", Field: "until_day"}})},
		fixture{"works-new-bill-company", captureFixture(works.StageBill, works.NewCollective, portal.Problems{
			{Code: portal.Invalid, Key: "works.empty", Field: "billing_street"}, {Code: portal.Invalid, Key: "works.company", Field: "company_number"}})},
		fixture{"works-new-often", captureFixture(works.StageCheck, works.Phases13, &portal.Error{Code: portal.TooMany, Key: "works.often"})},
		fixture{"works-new-foreign", captureFixture(works.StageBill, works.Phases13, &portal.Error{Code: portal.Invalid, Key: "works.foreign"})},
		fixture{"works-new-paper-problem", captureFixture(works.StagePapers, works.NewCollective, portal.Problems{
			{Code: portal.Invalid, Key: "works.choice", Field: "document"}, {Code: portal.Invalid, Key: "evidence.type", Field: "file"}})},
		fixture{"works-new-check-problem", captureFixture(works.StageCheck, works.MeterMove, portal.Problems{{Code: portal.Invalid, Key: "works.empty", Field: "description"}})},
		fixture{"works-new-discard", func(x *ctx) templ.Component {
			x.form = url.Values{"do": {"discard"}}
			return captureFixture(works.StageSite, works.Phases13, nil)(x)
		}},
		fixture{"works-made", func(x *ctx) templ.Component {
			return public.WorksMadePage(worksMadeView(x, works.Receipt{Number: "4028176655", Code: "140952", Channel: works.ByMail}))
		}},
		fixture{"works-made-incomplete", func(x *ctx) templ.Component {
			return public.WorksMadePage(worksMadeView(x, works.Receipt{Number: "4028176655", Code: "140952", Channel: works.ByPost,
				Missing: []string{"site-plan", "ean"}, MissingBy: x.now.AddDate(0, 0, 30)}))
		}},
		fixture{"works-made-gone", func(x *ctx) templ.Component { return public.WorksMadePage(worksGoneView(x)) }})
}

func captureFixture(stage works.Stage, kind works.Kind, wrong error) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		s := works.Sheet{ID: "sheet", Begun: x.now, Typed: works.Typed{"kind": string(kind), "requester": "person", "name": "Änne Schmitz", "mail": "aenne@example.org",
			"language": "de", "channel": "mail", "street": "Rue des Tilleuls 12", "postcode": "4700", "town": "Eupen", "ean": string(fixtureEAN),
			"supply": "three-400", "power_wished": "17,3", "wished_day": "2027-02-01", "first_occupied": "1998", "dwelling": "yes", "end_user": "yes"}}
		if kind == works.NewCollective {
			s.Typed["requester"], s.Typed["energy"] = "third-party", "electricity"
			s.Papers = []works.Attached{{Paper: works.Paper{ID: "p1", Document: works.SitePlan}, Name: "Lageplan Haasstraße 12 (Entwurf vom 3. November).pdf", Size: 1_480_000},
				{Paper: works.Paper{ID: "p2", Document: works.Photo}, Name: "façade.jpg", Size: 312_000}}
		}
		return worksNewPage(x, s, stage, stage == works.StageCheck, wrong)
	}
}
