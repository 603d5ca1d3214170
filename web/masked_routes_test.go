package web

import (
	"guichet/portal/registry"
	"guichet/works"
)

// How the one point's contract ends, by the registration and by the request for
// works, and the one beside it; the first is the ordinary end that the others
// must look like (D12).
var ends = []struct {
	scenario registry.Scenario
	kind     works.Kind
	beside   registry.Scenario
}{
	{registry.EndOfContract, works.EndOfContract, registry.EndOfContract},
	{registry.Drop, works.Drop, registry.UnknownEnd},
	{registry.BudgetMeter, works.BudgetMeter, registry.UnknownEnd},
}

// The people of the walk. Nord ends its contract and made the request for it,
// Directe's begins where that ends, Elektro follows the requests and has a
// mandate on the point; a requester looks by number and code, a neighbour lives
// beside the point and a newcomer moves in when it is over.
var everybody = []string{"stranger", "Nord", "Directe", "Elektro", "requester", "neighbour", "newcomer"}

// asking is how routes of the public table are asked: by whom, with which ids
// in the place of their mark.
type asking struct {
	method, routes string
	by             []string
	ids            []string // keys of world.ids; none for a path without an id
	query          string
}

// everyWay is the whole table: a route that is not here fails the test. What
// changes something carries every field that any form has.
var everyWay = []asking{
	{"GET", "/ /.well-known/security.txt /robots.txt /captcha/:file /static/:name /:lang/accessibility /:lang/privacy /:lang/ended /:lang/left " +
		"/:lang/letter/asked /:lang/reference/cancelled /:lang/works/made /:lang/partner/asked /:lang/partner/set-up", []string{"stranger"}, nil, ""},
	{"GET", "/:lang /:lang/ /:lang/letter /:lang/lookup /:lang/works/lookup /:lang/works/new /:lang/partner/ask /:lang/partner/sign-in", []string{"stranger", "requester", "newcomer", "Nord"}, nil, ""},
	{"GET", "/:lang/calendar/:token", []string{"stranger"}, []string{"none", "request's feed", "Elektro's feed"}, ""},
	{"GET", "/:lang/consumption /:lang/consumption.csv /:lang/consumption.html /:lang/consumption.json /:lang/consumption.xml /:lang/consumption/detail " +
		"/:lang/consumption/posted /:lang/mandates /:lang/mandates/new /:lang/mine /:lang/mine.json /:lang/readings/new /:lang/rectify /:lang/rectify/asked " +
		"/:lang/reference/cancel /:lang/seen /:lang/seen/receipt", everybody, nil, ""},
	{"GET", "/:lang/mandates/:id/document.html", everybody, []string{"mandate"}, ""},
	{"GET", "/:lang/partner /:lang/partner/batches /:lang/partner/keys /:lang/partner/mandates/new /:lang/partner/people /:lang/partner/supplies /:lang/partner/works " +
		"/:lang/partner/works/appointments.ics /:lang/partner/works/calendar /:lang/partner/works/claim /:lang/partner/works/example.csv /:lang/partner/works/upload", everybody, nil, ""},
	{"GET", "/:lang/partner/works", []string{"Nord", "Elektro"}, nil, "status=planned"},
	{"GET", "/:lang/partner/works", []string{"Nord", "Elektro"}, nil, "turn=operator&due=month"},
	{"GET", "/:lang/partner/mandates/:id /:lang/partner/mandates/:id/document.html /:lang/partner/mandates/:id/edit " +
		"/:lang/partner/mandates/:id/renew", everybody, []string{"mandate", "draft"}, ""},
	{"GET", "/:lang/partner/mandates/:id/points/:n /:lang/partner/mandates/:id/points/:n/consumption /:lang/partner/mandates/:id/points/:n/consumption.csv " +
		"/:lang/partner/mandates/:id/points/:n/consumption.json /:lang/partner/mandates/:id/points/:n/consumption.xml", everybody, []string{"mandate"}, "grain=month"},
	{"GET", "/:lang/partner/supplies/:id /:lang/partner/supplies/:id/consumption.csv /:lang/partner/supplies/:id/consumption.json " +
		"/:lang/partner/supplies/:id/consumption.xml", everybody, []string{"ending", "next", "beside"}, "grain=month"},
	{"GET", "/:lang/partner/works/:id /:lang/partner/works/:id/appointment.ics", everybody, []string{"request", "other request"}, ""},
	{"GET", "/:lang/works/request /:lang/works/request/appointment.ics /:lang/works/request/offer.html /:lang/works/request/offer.pdf", everybody, []string{"?", "request"}, ""},

	{"POST", "/:lang/letter /:lang/lookup /:lang/works/lookup /:lang/works/new /:lang/works/new/paper /:lang/partner/ask", []string{"stranger"}, nil, ""},
	{"POST", "/:lang/consumption/by-post /:lang/consumption/detail /:lang/mandates/new /:lang/readings/new /:lang/rectify /:lang/visit/extend", everybody, nil, ""},
	{"POST", "/:lang/partner/keys /:lang/partner/mandates/new /:lang/partner/people /:lang/partner/supplies /:lang/partner/works/claim " +
		"/:lang/partner/works/upload /:lang/partner/works/upload/make /:lang/partner/works/calendar/digest", everybody, nil, ""},
	{"POST", "/:lang/partner/mandates/:id/edit /:lang/partner/mandates/:id/renew /:lang/partner/mandates/:id/give", everybody, []string{"mandate", "draft"}, ""},
	{"POST", "/:lang/partner/works/:id/papers /:lang/partner/works/:id/complete /:lang/partner/works/:id/postpone", everybody, []string{"request"}, ""},
	{"POST", "/:lang/works/request/accept /:lang/works/request/decline /:lang/works/request/papers /:lang/works/request/complete /:lang/works/request/postpone " +
		"/:lang/works/request/share /:lang/works/request/well", everybody, []string{"request"}, ""},
}

// atTheEnd is asked once, when all else has been: what is slow to make, and what
// makes and ends things.
var atTheEnd = []asking{
	{"GET", "/:lang/consumption.pdf", everybody, nil, ""},
	{"GET", "/:lang/mandates/:id/document.pdf /:lang/partner/mandates/:id/document.pdf", everybody, []string{"mandate"}, ""},
	{"POST", "/:lang/works/request/reopen /:lang/works/request/cancel /:lang/works/request/feed /:lang/works/request/feed-end /:lang/works/request/unshare " +
		"/:lang/works/request/code",
		everybody, []string{"request", "other request"}, ""},
	{"POST", "/:lang/partner/works/calendar/make /:lang/partner/works/calendar/end", everybody, nil, ""},
	{"POST", "/:lang/partner/works/:id/let-go", everybody, []string{"request", "other request"}, ""},
	{"POST", "/:lang/partner/mandates/:id/withdraw", everybody, []string{"mandate", "draft"}, ""},
	{"POST", "/:lang/mandates/:id/confirm /:lang/mandates/:id/revoke /:lang/mandates/:id/withdraw", everybody, []string{"mandate"}, ""},
	{"POST", "/:lang/partner/mandates/:id/points/:n/give-up", everybody, []string{"mandate"}, ""},
	{"POST", "/:lang/partner/keys/:id/end", everybody, []string{"key"}, ""},
	{"POST", "/:lang/partner/people/:login/end", everybody, []string{"login"}, ""},
	{"POST", "/:lang/reference/cancel /:lang/leave", everybody, nil, ""},
	{"POST", "/:lang/partner/sign-in /:lang/partner/set-up /:lang/partner/sign-out", []string{"stranger"}, nil, ""},
}

// programs is how the routes of the API are asked, with every key and without
// one: the body or the query. {x} is world.ids["x"].
var programs = map[string][]string{
	"GET /api/v1/openapi.json":                                  {""},
	"GET /api/v1/registrations":                                 {"", "?limit=1", "?cursor=ending"},
	"GET /api/v1/registrations/:id/consumption":                 {"{ending}?grain=month", "{ending}?grain=day", "{next}?grain=month", "{beside}?grain=year", "{none}?grain=month"},
	"GET /api/v1/mandates":                                      {"", "?limit=1"},
	"GET /api/v1/mandates/:id":                                  {"{mandate}", "{draft}", "{none}"},
	"GET /api/v1/mandates/:id/consumption":                      {"{mandate}?ean={ean}&grain=month", "{mandate}?ean={ean}&changed_since=2026-11-01T00:00:00Z", "{draft}?ean={ean}"},
	"POST /api/v1/mandates":                                     {`{"name":"X Y","capacity":"occupant","street":"Rue","postcode":"5000","town":"Namur","language":"fr","points":["{ean}"],"kinds":["totals"],"purpose":"Conseil en énergie"}`},
	"POST /api/v1/batches":                                      {`{"grain":"month","mandate":"{mandate}"}`, `{"grain":"month","lines":[{"mandate":"{mandate}","ean":"{ean}"},{"mandate":"{draft}","ean":"{ean}"}]}`},
	"GET /api/v1/batches":                                       {""},
	"GET /api/v1/batches/:id":                                   {"{batch}", "{none}"},
	"GET /api/v1/batches/:id/lines":                             {"{batch}", "{none}"},
	"GET /api/v1/events":                                        {""},
	"GET /api/v1/webhooks":                                      {""},
	"POST /api/v1/webhooks":                                     {`{"url":"https://hooks.example/b"}`},
	"DELETE /api/v1/webhooks/:id":                               {"{none}"},
	"GET /api/v1/works-system/openapi.json":                     {""},
	"GET /api/v1/works-system/events":                           {""},
	"GET /api/v1/works-system/requests/:id":                     {"{request}"},
	"PUT /api/v1/works-system/reports":                          {`{"reports":[{"number":"{number}","status":"planned"}]}`},
	"GET /api/v1/works-system/requests/:id/documents/:document": {"{request}"},
	"PUT /api/v1/works-system/requests/:id/documents/:document": {"{request}"},
}
