package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/doors"
	"guichet/portal/evidence"
	"guichet/portal/keys"
	"guichet/portal/tx"
	"guichet/works"
	"guichet/works/calendar"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/ulule/limiter/v3"
)

// WorksDeps is what the operator's works system needs (D13): its way in is the
// portal's second, with a document of its own, and no key of a partner's opens
// it. It is known by its client certificate alone.
type WorksDeps struct {
	Feed         *works.Feed
	Papers       WorksPapers
	Certificates []string // fingerprints
}

// WorksPapers takes files in and gives clean ones out; evidence.Service.
type WorksPapers interface {
	Take(ctx context.Context, by audit.Entry, up evidence.Upload) (evidence.File, error)
	List(ctx context.Context, subject string) ([]evidence.File, error)
	Open(ctx context.Context, by audit.Entry, subject, id string) (evidence.File, []byte, error)
}

// WorksPrefix is where it lies.
const WorksPrefix = Prefix + "/works-system"

// worksQuota counts the works system's requests like a partner's.
const worksQuota = "works-system"

type (
	reportsIn struct {
		Body struct {
			Reports []reportView `json:"reports" minItems:"1" maxItems:"1000" doc:"Where requests stand; several of one request are its history, in the order of since."`
		}
	}
	reportView struct {
		Number       string       `json:"number,omitempty" pattern:"^[0-9]{10}$" doc:"The request's number, as the portal gave it; or external_id."`
		ExternalID   string       `json:"external_id,omitempty" maxLength:"60" doc:"What you call the request; told once with the number it may stand alone."`
		Status       string       `json:"status" enum:"received,incomplete,studied,drawing,offered,agreed,preparing,awaiting,planned,postponed,working,done,in-service,closed,expired,cancelled,refused" doc:"Where it stands."`
		Since        time.Time    `json:"since" doc:"When it came there. What is older than what is known moves nothing back."`
		Changed      *time.Time   `json:"changed,omitempty" doc:"When you last changed what you say; left out: since."`
		Reason       string       `json:"reason,omitempty" maxLength:"500" doc:"Demanded with awaiting, postponed, refused and cancelled: the requester reads it."`
		Missing      []string     `json:"missing,omitempty" maxItems:"30" doc:"Demanded with incomplete: documents and fields of the kind."`
		MissingBy    string       `json:"missing_by,omitempty" format:"date" doc:"Last day to give them; left out: 30 days."`
		Team         string       `json:"team,omitempty" maxLength:"40" doc:"Who has it."`
		Day          string       `json:"day,omitempty" format:"date" doc:"Demanded with planned."`
		Half         string       `json:"half,omitempty" enum:"morning,afternoon" doc:"Half of the day; demanded with day."`
		Deadline     string       `json:"deadline,omitempty" format:"date" doc:"Last day by which the works are promised; left out: counted here."`
		Offer        *offerIn     `json:"offer,omitempty" doc:"The offer. One that was agreed to changes no more."`
		AgreedAt     *time.Time   `json:"agreed_at,omitempty" doc:"When it was accepted on paper; on line the portal knows."`
		AgreedBy     string       `json:"agreed_by,omitempty" maxLength:"120" doc:"By whom."`
		UserAgreedAt *time.Time   `json:"user_agreed_at,omitempty" doc:"When the network user agreed."`
		PaidCents    *int64       `json:"paid_cents,omitempty" minimum:"0" doc:"Paid in all; left out where the bank's files tell it."`
		PaidAt       string       `json:"paid_at,omitempty" format:"date" doc:"The bank's day on which the deposit was covered."`
		Result       string       `json:"result,omitempty" maxLength:"2000" doc:"Of the execution; demanded from done on."`
		AssetAt      string       `json:"asset_at,omitempty" format:"date" doc:"When the works were entered as assets; demanded with closed."`
		InvoicedAt   string       `json:"invoiced_at,omitempty" format:"date" doc:"Demanded with closed."`
		Request      *captureView `json:"request,omitempty" doc:"Of a request that began with you; not read for one that is known."`
	}
	offerIn struct {
		LinesCents     []int64    `json:"lines_cents" minItems:"4" maxItems:"4" doc:"Lines A access, B connection, C metering, D miscellaneous, without VAT."`
		StudyCents     int64      `json:"study_cents" minimum:"0" doc:"Costs of the study, without VAT."`
		VAT            int64      `json:"vat" enum:"6,21" doc:"Per cent."`
		DepositPercent *int64     `json:"deposit_percent,omitempty" minimum:"0" maximum:"100" doc:"Of the total; left out: as the kind has it."`
		Terms          string     `json:"terms,omitempty" maxLength:"120" doc:"Version of the general conditions; left out: that in force."`
		SentAt         *time.Time `json:"sent_at,omitempty" doc:"When it left; left out: since, with offered."`
		ValidTo        string     `json:"valid_to,omitempty" format:"date" doc:"Last day to accept it; left out: as the kind has it."`
		Days           int        `json:"days,omitempty" minimum:"0" maximum:"500" doc:"Working days in which it promises the works."`
		Extension      bool       `json:"extension,omitempty" doc:"Gas: road works or an extension of the network is needed."`
	}
	captureView struct {
		Kind            string            `json:"kind" maxLength:"40" doc:"Sort of works."`
		Energy          string            `json:"energy" enum:"electricity,gas" doc:"Of which network."`
		MadeAt          *time.Time        `json:"made_at,omitempty" doc:"When it was made; left out: since."`
		Requester       string            `json:"requester" enum:"person,company,third-party,public-body,supplier,internal" doc:"Who asks."`
		Name            string            `json:"name" maxLength:"120" doc:"The requester's."`
		Mail            string            `json:"mail,omitempty" maxLength:"254" doc:"The requester's."`
		Telephone       string            `json:"telephone,omitempty" maxLength:"30" doc:"The requester's."`
		Language        string            `json:"language" enum:"fr,de,nl,en" doc:"In which the requester is written to."`
		Channel         string            `json:"channel" enum:"mail,post" doc:"How the requester is written to."`
		Street          string            `json:"street,omitempty" maxLength:"120" doc:"Of the works."`
		Postcode        string            `json:"postcode,omitempty" maxLength:"12" doc:"Of the works."`
		Town            string            `json:"town" maxLength:"120" doc:"Of the works."`
		BillingName     string            `json:"billing_name,omitempty" maxLength:"120" doc:"Who is invoiced; left out: the requester."`
		BillingStreet   string            `json:"billing_street,omitempty" maxLength:"120" doc:"Left out: where the works are."`
		BillingPostcode string            `json:"billing_postcode,omitempty" maxLength:"12" doc:"As billing_street."`
		BillingTown     string            `json:"billing_town,omitempty" maxLength:"120" doc:"As billing_street."`
		CompanyNumber   string            `json:"company_number,omitempty" maxLength:"20" doc:"Ten digits."`
		FirstOccupied   int               `json:"first_occupied,omitempty" minimum:"1800" maximum:"9999" doc:"Year, declared for the VAT."`
		Dwelling        bool              `json:"dwelling,omitempty" doc:"Declared for the VAT."`
		EndUser         bool              `json:"end_user,omitempty" doc:"Declared for the VAT."`
		Values          map[string]string `json:"values,omitempty" doc:"Technical fields that the kind has a place for; others are refused."`
	}
	reportsOut struct {
		Body struct {
			New       int        `json:"new" doc:"Requests that the portal did not know."`
			Moved     int        `json:"moved" doc:"Reports that led one to another status or day."`
			Noted     int        `json:"noted" doc:"Those that changed something else."`
			Unchanged int        `json:"unchanged" doc:"Those that were known."`
			Older     int        `json:"older" doc:"Those of which something newer is known."`
			Cancelled int        `json:"cancelled" doc:"Those of a request that its requester cancelled."`
			Made      []madeView `json:"made" doc:"The new ones, with the id and the number that they have on the portal."`
		}
	}

	madeView struct {
		ExternalID string `json:"external_id"`
		ID         string `json:"id" doc:"For the other paths."`
		Number     string `json:"number" doc:"That its requester got."`
	}

	requestIn struct {
		ID string `path:"id" maxLength:"64" doc:"The request, as an event names it."`
	}
	requestView struct {
		ID         string         `json:"id" doc:"The portal's own name for it."`
		Number     string         `json:"number" doc:"Its number, as its requester has it."`
		ExternalID string         `json:"external_id,omitempty" doc:"What you call it."`
		Phase      string         `json:"phase" doc:"One of capture, study, offer, preparation, execution, closing."`
		Status     string         `json:"status" doc:"Where it stands."`
		Since      time.Time      `json:"since" doc:"When it came there."`
		Missing    []string       `json:"missing,omitempty" maxItems:"60" doc:"What is missing of it."`
		Day        *time.Time     `json:"day,omitempty" doc:"When its planned half of a day begins."`
		Agreed     *agreementView `json:"agreed,omitempty" doc:"The agreement to its offer."`
		PaidCents  int64          `json:"paid_cents" doc:"What the bank's files say was paid."`
		Request    captureView    `json:"request" doc:"As it was captured, of its true kind."`
		Documents  []paperView    `json:"documents" maxItems:"100" doc:"Oldest first."`
		Steps      []stepView     `json:"steps" maxItems:"1000" doc:"Oldest first."`
	}
	agreementView struct {
		At      time.Time `json:"at" doc:"When."`
		By      string    `json:"by" doc:"Name, as typed."`
		On      string    `json:"on" enum:"line,paper" doc:"How."`
		Version int64     `json:"version" doc:"Which version of the offer."`
	}
	stepView struct {
		At     time.Time `json:"at" doc:"When."`
		Event  string    `json:"event,omitempty" doc:"What happened; left out for the capture."`
		To     string    `json:"to" doc:"The status after it."`
		Reason string    `json:"reason,omitempty" doc:"Why."`
	}
	paperView struct {
		ID         string    `json:"id" doc:"The document."`
		ExternalID string    `json:"external_id,omitempty" doc:"What you call it, where you brought it."`
		Kind       string    `json:"kind" doc:"What it is."`
		AddedAt    time.Time `json:"added_at" doc:"When."`
		Status     string    `json:"status" enum:"quarantined,clean,infected,released,purged" doc:"Whether its bytes may leave: clean and released."`
	}
	documentIn struct {
		ID       string `path:"id" maxLength:"64" doc:"The request."`
		Document string `path:"document" maxLength:"64" doc:"The document, as getRequest names it."`
	}
	documentOut struct {
		ContentType string `header:"Content-Type" doc:"application/pdf, image/jpeg or image/png."`
		Body        []byte
	}
	bringIn struct {
		ID       string `path:"id" maxLength:"64" doc:"The request."`
		Document string `path:"document" maxLength:"60" pattern:"^[A-Za-z0-9._-]+$" doc:"What you call the document: again with the same bytes changes nothing."`
		Kind     string `query:"kind" required:"true" enum:"site-plan,ground-plan,permit,conformity,photo,mandate,agreement,other" doc:"What it is."`
		RawBody  []byte `contentType:"application/octet-stream"`
	}
	happeningsIn struct {
		Cursor string `query:"cursor" maxLength:"18" pattern:"^[0-9]*$" doc:"Where to go on: next of the page before; left out: from the beginning."`
		Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"How many at most."`
	}
	happeningView struct {
		Kind    string    `json:"kind" doc:"captured, document, well, user-agrees, paid, or an event of its life: accept, decline, complete, cancel, reopen, ask-missing and so on."`
		Request string    `json:"request" doc:"The id of the request: getRequest tells the rest."`
		At      time.Time `json:"at" doc:"When."`
	}
	happeningList struct {
		Body struct {
			Events []happeningView `json:"events" maxItems:"1000" doc:"In the order in which they became durable. What you told is not among them."`
			Next   string          `json:"next" doc:"The cursor of what comes next; the one you gave where nothing has come."`
		}
	}
)

// worksRoutes adds the works system's way in, with its own document.
func (s *service) worksRoutes(engine *gin.Engine, api huma.API) {
	const tag = "requests"
	absent := []int{http.StatusNotFound}
	system(s, api, huma.Operation{OperationID: "putReports", Method: http.MethodPut, Path: WorksPrefix + "/reports", Tags: []string{tag},
		Summary: "Say where requests stand", Errors: []int{http.StatusConflict},
		Description: "All or nothing. The natural key is number or external_id with since and changed: the same again changes nothing, what is older moves nothing back, " +
			"and what its requester cancelled stays cancelled. Each requester is told as the portal itself would. " +
			"409 where the portal leads the phases itself (WORKS_MASTER)."}, s.putReports)
	system(s, api, huma.Operation{OperationID: "getRequest", Method: http.MethodGet, Path: WorksPrefix + "/requests/{id}", Tags: []string{tag},
		Summary: "Read a request", Errors: absent, Description: "Every reading is recorded."}, s.getRequest)
	system(s, api, huma.Operation{OperationID: "getDocument", Method: http.MethodGet, Path: WorksPrefix + "/requests/{id}/documents/{document}", Tags: []string{tag},
		Summary: "Fetch a document", Errors: append(absent, http.StatusConflict), Description: "Only what was found clean or released leaves, and that is recorded."}, s.getDocument)
	system(s, api, huma.Operation{OperationID: "putDocument", Method: http.MethodPut, Path: WorksPrefix + "/requests/{id}/documents/{document}", Tags: []string{tag},
		Summary: "Bring a document", Errors: append(absent, http.StatusConflict), MaxBodyBytes: evidence.MaxSize, DefaultStatus: http.StatusNoContent,
		Description: "A PDF, JPEG or PNG of at most 10 MiB. Officers see it; its requester does not. 409 where another one has that name, or the request is over."}, s.putDocument)
	system(s, api, huma.Operation{OperationID: "listHappenings", Method: http.MethodGet, Path: WorksPrefix + "/events", Tags: []string{tag},
		Summary: "See what happened on the portal", Errors: []int{http.StatusConflict},
		Description: "Keep next and give it as cursor the next time: nothing is passed over, and nothing comes twice. Events are kept for six months; " +
			"409 for a cursor behind which some are deleted, or that was never reached."}, s.listHappenings)
	text, err := json.MarshalIndent(api.OpenAPI(), "", " ")
	if err != nil {
		panic("api: the document is of plain types: " + err.Error())
	}
	engine.GET(WorksPrefix+"/openapi.json", func(c *gin.Context) { c.Data(http.StatusOK, "application/json", text) })
}

// describeWorks says what the works system's document says of the whole.
func describeWorks(o *huma.OpenAPI, d Deps) {
	o.Info.Description = "For the operator's own works system: where requests for works stand goes in, what happened on the portal comes out. " +
		"It is known by its client certificate alone, at the address for programs with certificates. Nothing is masked for it, and everything it reads is recorded. " +
		"Refusals are problems of RFC 9457. Unknown fields and parameters are refused."
	o.Info.License = &huma.License{Name: "For the works system of " + d.Operator, Identifier: "LicenseRef-operator"}
	o.Info.Contact = &huma.Contact{Name: d.Operator, URL: d.BaseURL}
	o.Servers = []*huma.Server{{URL: d.BaseURL, Description: "This portal; the port is that of API_LISTEN"}}
	o.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"certificate": {Type: "mutualTLS", Description: "The client certificate of the works system."}}
	o.Tags = []*huma.Tag{{Name: "requests", Description: "Requests for works."}}
}

// system adds one operation that the works system's certificate alone opens.
func system[I, O any](s *service, api huma.API, op huma.Operation, handle func(context.Context, *request, *I) (*O, error)) {
	op.Security = []map[string][]string{{"certificate": {}}}
	op.Middlewares = huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		r := of(ctx.Context())
		err := s.enterSystem(ctx.Context(), r)
		for name, value := range r.told {
			ctx.SetHeader(name, value)
		}
		if err != nil {
			p := s.problem(ctx.Context(), err)
			for name, value := range p.headers {
				ctx.SetHeader(name, value)
			}
			_ = huma.WriteErr(api, ctx, p.Status, "", p) // who hung up hears nothing
			return
		}
		r.foreign = func(names []string) error { return s.foreign(ctx.Context(), names) }
		next(ctx)
	}}
	if op.MaxBodyBytes == 0 {
		op.MaxBodyBytes = bodySize
	}
	op.Errors = append(op.Errors, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable)
	huma.Register(api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, of(ctx), in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
}

// foreign records that fields came which no request has a place for: their names
// and never what they hold (W13). An error is one of the record.
func (s *service) foreign(ctx context.Context, names []string) error {
	err := s.Works.Feed.Foreign(ctx, works.ByWorksSystem("api"), names)
	if refused := (portal.Problems{}); errors.As(err, &refused) {
		return nil
	}
	s.Log.ErrorContext(ctx, "foreign fields not recorded", "error", err.Error())
	return err
}

// enterSystem lets the works system in: the door, the certificate, its quota. No
// key is read: whatever a partner has opens nothing here.
func (s *service) enterSystem(ctx context.Context, r *request) error {
	if err := s.Doors.Open(ctx, string(doors.Works)); err != nil {
		return err
	}
	if err := s.quotas.stranger(ctx, r.from, (*limiter.Limiter).Peek); err != nil {
		return err
	}
	if r.certificate == "" || !slices.Contains(s.Works.Certificates, r.certificate) {
		if full := s.quotas.stranger(ctx, r.from, (*limiter.Limiter).Get); full != nil {
			return full
		}
		return &portal.Error{Code: portal.Denied, Key: "works.certificate"}
	}
	return s.quotas.spend(ctx, r, worksQuota)
}

func (s *service) putReports(ctx context.Context, _ *request, in *reportsIn) (*reportsOut, error) {
	var problems portal.Problems
	list := make([]works.Report, len(in.Body.Reports))
	for i, v := range in.Body.Reports {
		told, err := v.report(i)
		if err != nil {
			problems = append(problems, err...)
		}
		list[i] = told
	}
	if len(problems) > 0 {
		return nil, problems
	}
	fed, err := s.Works.Feed.Take(ctx, works.ByWorksSystem("api"), "api", list, false)
	if err != nil {
		return nil, err
	}
	for _, w := range fed.Refused {
		for _, p := range w.Problems {
			problems = append(problems, &portal.Error{Code: p.Code, Key: p.Key, Args: p.Args, Field: "reports[" + strconv.Itoa(w.Line-1) + "]." + p.Field})
		}
	}
	if len(problems) > 0 {
		return nil, problems[:min(len(problems), 100)]
	}
	out := &reportsOut{}
	out.Body.New, out.Body.Moved, out.Body.Noted = fed.New, fed.Moved, fed.Noted
	out.Body.Unchanged, out.Body.Older, out.Body.Cancelled = fed.Unchanged, fed.Older, fed.Cancelled
	out.Body.Made = []madeView{}
	for _, m := range fed.Made {
		out.Body.Made = append(out.Body.Made, madeView{m.External, m.ID, m.Number.Reveal()})
	}
	return out, nil
}

// report reads one; the document has judged its form.
func (v reportView) report(i int) (told works.Report, problems portal.Problems) {
	date := func(field, text string) time.Time {
		if text == "" {
			return time.Time{}
		}
		d, err := portal.ParseDate(text)
		if err != nil {
			problems = append(problems, &portal.Error{Code: portal.Invalid, Key: "works.date", Field: "reports[" + strconv.Itoa(i) + "]." + field})
		}
		return d
	}
	told = works.Report{Line: i + 1, Number: keys.Secret(v.Number), External: v.ExternalID, Status: works.Status(v.Status), Since: v.Since, Changed: value(v.Changed), Reason: v.Reason,
		Missing: v.Missing, Team: v.Team, Deadline: date("deadline", v.Deadline), UserAgreedAt: value(v.UserAgreedAt), AgreedAt: value(v.AgreedAt), AgreedBy: v.AgreedBy,
		Paid: v.PaidCents, PaidAt: date("paid_at", v.PaidAt), Result: v.Result, AssetAt: date("asset_at", v.AssetAt), InvoicedAt: date("invoiced_at", v.InvoicedAt)}
	if by := date("missing_by", v.MissingBy); !by.IsZero() {
		told.MissingBy = calendar.Fixed(by).Ends()
	}
	if day := date("day", v.Day); !day.IsZero() && v.Half != "" {
		told.Day = works.Half(v.Half).On(day)
	} else if v.Day != "" || v.Half != "" {
		problems = append(problems, &portal.Error{Code: portal.Invalid, Key: "works.choice", Field: "reports[" + strconv.Itoa(i) + "].half"})
	}
	if o := v.Offer; o != nil {
		offer := works.Offer{Lines: [4]int64(o.LinesCents), Study: o.StudyCents, VAT: o.VAT, Percent: -1, Terms: o.Terms, SentAt: value(o.SentAt), Days: o.Days, Extension: o.Extension}
		if o.DepositPercent != nil {
			offer.Percent = *o.DepositPercent
		}
		if to := date("offer.valid_to", o.ValidTo); !to.IsZero() {
			offer.ValidTo = calendar.Fixed(to).Ends()
		}
		told.Offer = &offer
	}
	if c := v.Request; c != nil {
		told.MadeAt = value(c.MadeAt)
		told.Made = &works.Draft{Kind: c.Kind, Energy: c.Energy, Requester: c.Requester, Name: c.Name, Mail: c.Mail, Telephone: c.Telephone, Language: c.Language,
			Channel: c.Channel, Street: c.Street, Postcode: c.Postcode, Town: c.Town, BillingName: c.BillingName, BillingStreet: c.BillingStreet,
			BillingPostcode: c.BillingPostcode, BillingTown: c.BillingTown, CompanyNumber: c.CompanyNumber, Dwelling: c.Dwelling, EndUser: c.EndUser, Values: c.Values}
		if c.FirstOccupied > 0 {
			told.Made.FirstOccupied = strconv.Itoa(c.FirstOccupied)
		}
	}
	return told, problems
}

func value(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func (s *service) getRequest(ctx context.Context, r *request, in *requestIn) (*struct{ Body requestView }, error) {
	feed := s.Works.Feed
	one, steps, err := feed.Store.Works(ctx, in.ID)
	if err != nil {
		return nil, absentOr(err)
	}
	papers, err := feed.Store.WorksPapers(ctx, one.ID)
	if err != nil {
		return nil, err
	}
	files, err := s.Works.Papers.List(ctx, works.Subject(one.ID))
	if err != nil {
		return nil, err
	}
	if err := s.readBySystem(ctx, r, works.Subject(one.ID), map[string]string{"status": string(one.Status)}); err != nil {
		return nil, err
	}
	return &struct{ Body requestView }{viewOfWorks(one, steps, papers, files)}, nil
}

// readBySystem records what the works system is about to be given (L18).
func (s *service) readBySystem(ctx context.Context, r *request, subject string, details map[string]string) error {
	e := works.ByWorksSystem("api")
	e.At, e.Action, e.Subject, e.Details = r.now, audit.WorksRead, subject, details
	return s.Works.Feed.Runner.Do(ctx, func(t tx.Tx) error {
		t.Record(e)
		return nil
	})
}

// viewOfWorks is what the operator's own system may know: all but the code, which
// nobody has (W13 bounds what there is).
func viewOfWorks(r works.Request, steps []works.Step, papers []works.Paper, files []evidence.File) requestView {
	made := r.MadeAt.UTC()
	v := requestView{ID: r.ID, Number: r.Number.Reveal(), ExternalID: r.External, Phase: string(r.Phase), Status: string(r.Status), Since: r.Since.UTC(), Missing: r.Missing,
		Day: when(r.Day), PaidCents: r.Offer.Paid, Documents: []paperView{}, Steps: []stepView{},
		Request: captureView{Kind: string(r.Kind), Energy: string(r.Energy), MadeAt: &made, Requester: string(r.Contact.Kind), Name: r.Name, Mail: r.Mail, Telephone: r.Telephone,
			Language: string(r.Language), Channel: string(r.Channel), Street: r.Site.Street, Postcode: r.Site.Postcode, Town: r.Site.Town, BillingName: r.BillingName,
			BillingStreet: r.Billing.Street, BillingPostcode: r.Billing.Postcode, BillingTown: r.Billing.Town, CompanyNumber: r.CompanyNumber,
			FirstOccupied: r.Declared.FirstOccupied, Dwelling: r.Declared.Dwelling, EndUser: r.Declared.EndUser, Values: map[string]string{}}}
	for f, value := range r.Values {
		v.Request.Values[string(f)] = works.Written(f, value)
	}
	if o := r.Offer; !o.AgreedAt.IsZero() {
		v.Agreed = &agreementView{o.AgreedAt.UTC(), o.AgreedBy, string(o.AgreedOn), o.Version}
	}
	for _, st := range steps {
		v.Steps = append(v.Steps, stepView{st.At.UTC(), string(st.Event), string(st.To), st.Reason})
	}
	for _, p := range papers {
		status := string(evidence.Purged)
		if i := slices.IndexFunc(files, func(f evidence.File) bool { return f.ID == p.EvidenceID }); i >= 0 {
			status = string(files[i].Status)
		}
		v.Documents = append(v.Documents, paperView{p.ID, p.External, string(p.Document), p.AddedAt.UTC(), status})
	}
	return v
}

// paper finds a document of a request; NotFound.
func (s *service) paper(ctx context.Context, request string, is func(works.Paper) bool) (works.Paper, error) {
	papers, err := s.Works.Feed.Store.WorksPapers(ctx, request)
	if i := slices.IndexFunc(papers, is); err == nil && i >= 0 {
		return papers[i], nil
	}
	return works.Paper{}, errors.Join(err, &portal.Error{Code: portal.NotFound, Key: "api.absent"})
}

func (s *service) getDocument(ctx context.Context, _ *request, in *documentIn) (*documentOut, error) {
	p, err := s.paper(ctx, in.ID, func(p works.Paper) bool { return p.ID == in.Document })
	if err != nil {
		return nil, err
	}
	f, content, err := s.Works.Papers.Open(ctx, works.ByWorksSystem("api"), works.Subject(in.ID), p.EvidenceID)
	if err != nil {
		return nil, absentOr(err)
	}
	return &documentOut{string(f.Type), content}, nil
}

func (s *service) putDocument(ctx context.Context, r *request, in *bringIn) (*struct{}, error) {
	one, _, err := s.Works.Feed.Store.Works(ctx, in.ID)
	if err != nil {
		return nil, absentOr(err)
	}
	subject, by := works.Subject(in.ID), works.ByWorksSystem("api")
	known, err := s.paper(ctx, in.ID, func(p works.Paper) bool { return p.External == in.Document })
	if err == nil {
		files, err := s.Works.Papers.List(ctx, subject)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(in.RawBody)
		if slices.ContainsFunc(files, func(f evidence.File) bool { return f.ID == known.EvidenceID && bytes.Equal(f.Hash, sum[:]) }) {
			return nil, nil
		}
		return nil, &portal.Error{Code: portal.Conflict, Key: "works.document.other"}
	}
	if portal.CodeOf(err) != portal.NotFound {
		return nil, err
	}
	if one.Status.Over() { // before any byte of it is kept
		return nil, &portal.Error{Code: portal.Conflict, Key: "works.state"}
	}
	f, err := s.Works.Papers.Take(ctx, by, evidence.Upload{Subject: subject, Name: in.Document, Body: bytes.NewReader(in.RawBody)})
	if err != nil {
		return nil, err
	}
	return nil, s.Works.Feed.Add(ctx, by, in.ID, works.Paper{ID: portal.NewID(r.now), Document: works.Document(in.Kind), EvidenceID: f.ID, External: in.Document})
}

func (s *service) listHappenings(ctx context.Context, r *request, in *happeningsIn) (*happeningList, error) {
	after, _ := strconv.ParseInt("0"+in.Cursor, 10, 64) // its form was validated
	list, err := s.Works.Feed.Store.WorksHappenings(ctx, after, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &happeningList{}
	out.Body.Events, out.Body.Next = []happeningView{}, strconv.FormatInt(after, 10)
	for _, h := range list {
		out.Body.Events = append(out.Body.Events, happeningView{h.Kind, h.RequestID, h.At.UTC()})
		out.Body.Next = strconv.FormatInt(h.Place, 10)
	}
	if len(list) == 0 {
		return out, nil
	}
	return out, s.readBySystem(ctx, r, "", map[string]string{"list": "events", "after": strconv.FormatInt(after, 10), "to": out.Body.Next})
}

// FingerprintOf writes a fingerprint as certificates are compared.
func FingerprintOf(typed string) string { return strings.ToLower(strings.ReplaceAll(typed, ":", "")) }
