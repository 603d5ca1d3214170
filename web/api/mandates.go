package api

import (
	"context"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"guichet/mandates"
	"guichet/mandates/partner"
	"guichet/portal"

	"github.com/danielgtaylor/huma/v2"
)

// The mandates as programs see them. What an officer compares, and what the
// register says, is in none of it.
type (
	mandateView struct {
		ID        string     `json:"id" doc:"The mandate's number."`
		Status    string     `json:"status" enum:"drafted,given-in,returned,decided,withdrawn" doc:"Where its text stands."`
		Version   int64      `json:"version" doc:"Counts the texts; each needs a signature of its own."`
		Text      string     `json:"text_sha256" doc:"SHA-256 of the text, as the document prints it."`
		Name      string     `json:"name" doc:"Who gives it, as it was typed."`
		Kinds     []string   `json:"kinds" maxItems:"3" doc:"The kinds of data: totals, daily, fine."`
		DataFrom  string     `json:"data_from" doc:"First day of the consumption."`
		DataTo    string     `json:"data_to,omitempty" doc:"Last day; left out: for as long as it is valid."`
		ValidFrom string     `json:"valid_from" doc:"First day on which it may be asked for."`
		ValidTo   string     `json:"valid_to" doc:"Last day."`
		Once      bool       `json:"once" doc:"One delivery of each access point, no more."`
		Reason    string     `json:"reason,omitempty" doc:"Why it was returned, in the officer's words."`
		Renews    string     `json:"renews,omitempty" doc:"The mandate whose place it takes."`
		CreatedAt time.Time  `json:"created_at" doc:"When it was drafted."`
		GivenAt   *time.Time `json:"given_at,omitempty" doc:"When its signed document came in."`
		DecidedAt *time.Time `json:"decided_at,omitempty" doc:"When an officer decided on it."`
		Points    int        `json:"points" doc:"How many access points it lists."`
		Granted   int        `json:"granted" doc:"How many of them were granted."`
		Ended     int        `json:"ended" doc:"How many of those have ended."`
	}
	pointView struct {
		EAN    string `json:"ean" doc:"The access point."`
		Status string `json:"status" enum:"proposed,refused,waiting,in-force,expired,ended" doc:"Where it stands at this moment."`
		Reason string `json:"reason,omitempty" doc:"Why it was refused."`
		Since  string `json:"since,omitempty" format:"date-time" doc:"From when it delivers, where that is known."`
	}
)

func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(portal.Brussels).Format(time.DateOnly)
}

func lastDay(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return day(t.In(portal.Brussels).AddDate(0, 0, -1))
}

func viewOf(m mandates.Mandate, points, granted, ended int) mandateView {
	v := mandateView{ID: m.ID, Status: string(m.Status), Version: m.Version, Text: hex.EncodeToString(m.Text), Name: m.Mandator.Name,
		Kinds: []string{}, DataFrom: day(m.Scope.Data.From), DataTo: lastDay(m.Scope.Data.To),
		ValidFrom: day(m.Scope.Validity.From), ValidTo: lastDay(m.Scope.Validity.To), Once: m.Scope.Once, Reason: m.Reason, Renews: m.Renews,
		CreatedAt: m.CreatedAt.UTC(), GivenAt: when(m.GivenAt), DecidedAt: when(m.DecidedAt), Points: points, Granted: granted, Ended: ended}
	for _, k := range m.Scope.Kinds {
		v.Kinds = append(v.Kinds, string(k))
	}
	return v
}

func counted(m mandates.Mandate) mandateView {
	granted, ended := 0, 0
	for _, l := range m.Lines {
		if l.Outcome == mandates.Granted {
			granted++
		}
		if l.End != mandates.NotEnded {
			ended++
		}
	}
	return viewOf(m, len(m.Lines), granted, ended)
}

func pointOf(l mandates.Line, now, until time.Time) pointView {
	v := pointView{EAN: string(l.EAN), Status: string(l.StatusAt(now, until)), Reason: l.Reason}
	if begins := l.Begins(); !begins.IsZero() {
		v.Since = begins.UTC().Format(time.RFC3339)
	}
	return v
}

type (
	listIn struct {
		Cursor string `query:"cursor" maxLength:"64" doc:"Where the list goes on: next of the page before."`
		Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"25" doc:"How many at most."`
	}
	mandateList struct {
		Body struct {
			Mandates []mandateView `json:"mandates" maxItems:"100" doc:"Newest first."`
			Next     string        `json:"next,omitempty" doc:"The cursor of the next page; left out on the last."`
		}
	}
	draftIn struct {
		Body struct {
			Name          string   `json:"name" maxLength:"200" doc:"Who gives the mandate: the occupant, person or company, as a register would have them."`
			CompanyNumber string   `json:"company_number,omitempty" maxLength:"20" doc:"Of a company; left out for a person."`
			Capacity      string   `json:"capacity" enum:"occupant,representative" doc:"In what right they sign."`
			SignedBy      string   `json:"signed_by,omitempty" maxLength:"200" doc:"Who signs, for a representative."`
			Street        string   `json:"street" maxLength:"200" doc:"The mandator's address."`
			Postcode      string   `json:"postcode" maxLength:"20" doc:"Its postcode."`
			Town          string   `json:"town" maxLength:"200" doc:"Its town."`
			Language      string   `json:"language" enum:"fr,de,nl,en" doc:"Of the document to sign."`
			Points        []string `json:"points" minItems:"1" maxItems:"10000" doc:"EAN codes of 18 digits. They are not looked up: an officer compares them once the signed document is in."`
			Kinds         []string `json:"kinds" minItems:"1" maxItems:"3" enum:"totals,daily,fine" doc:"The kinds of data."`
			DataFrom      string   `json:"data_from,omitempty" format:"date" doc:"First day of the consumption; left out: that of the validity."`
			DataTo        string   `json:"data_to,omitempty" format:"date" doc:"Last day; left out: for as long as it is valid."`
			ValidFrom     string   `json:"valid_from,omitempty" format:"date" doc:"First day of the validity; left out: today."`
			ValidTo       string   `json:"valid_to,omitempty" format:"date" doc:"Last day; left out: twelve months, and 36 at most."`
			Purpose       string   `json:"purpose" minLength:"10" maxLength:"500" doc:"What the data is for; the customer reads it."`
			Once          bool     `json:"once,omitempty" doc:"One delivery of each access point, no more."`
		}
	}
	mandateOut struct {
		Location string `header:"Location" doc:"Where the mandate lies."`
		Body     mandateView
	}
	oneIn struct {
		ID     string `path:"id" maxLength:"64" doc:"The mandate's number."`
		Cursor string `query:"cursor" maxLength:"10" pattern:"^[0-9]*$" doc:"Where its access points go on: next of the page before."`
		Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"How many access points at most."`
	}
	oneOut struct {
		Body struct {
			mandateView
			AccessPoints []pointView `json:"access_points" maxItems:"1000" doc:"A page of them, in the order of the document."`
			Next         string      `json:"next,omitempty" doc:"The cursor of the next page of access points; left out on the last."`
		}
	}
)

func (s *service) mandateRoutes() {
	operate(s, huma.Operation{OperationID: "listMandates", Method: http.MethodGet, Path: Prefix + "/mandates", Tags: []string{"mandates"},
		Summary: "List your mandates", Description: "Newest first. The lists of others are theirs."}, partner.ForMandates, s.listMandates)
	operate(s, huma.Operation{OperationID: "draftMandate", Method: http.MethodPost, Path: Prefix + "/mandates", Tags: []string{"mandates"},
		Summary: "Draft a mandate", DefaultStatus: http.StatusCreated,
		Description: "Keeps the text to be signed. The answer is the same whoever lives at the access points and whether they exist. " +
			"The document to print, and the place for the signed one, are on your pages of the portal."}, partner.ForMandates, s.draftMandate)
	operate(s, huma.Operation{OperationID: "getMandate", Method: http.MethodGet, Path: Prefix + "/mandates/{id}", Tags: []string{"mandates"},
		Summary: "See one of your mandates", Description: "With its access points, each as it stands at this moment.",
		Errors: []int{http.StatusNotFound}}, partner.ForMandates, s.getMandate)
}

func (s *service) listMandates(ctx context.Context, r *request, in *listIn) (*mandateList, error) {
	before, err := placeOf(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := s.Mandates.Store.MandatesOf(ctx, r.partner(), before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &mandateList{}
	out.Body.Mandates = []mandateView{}
	for i, m := range list {
		if i == in.Limit {
			last := list[i-1]
			out.Body.Next = strconv.FormatInt(portal.Micros(last.CreatedAt), 10) + "." + last.ID
			break
		}
		out.Body.Mandates = append(out.Body.Mandates, viewOf(m.Mandate, m.Points, m.Granted, m.Ended))
	}
	return out, nil
}

func placeOf(cursor string) (mandates.Place, error) {
	if cursor == "" {
		return mandates.Place{}, nil
	}
	at, id, _ := strings.Cut(cursor, ".")
	us, err := strconv.ParseInt(at, 10, 64)
	if err != nil || us <= 0 {
		return mandates.Place{}, portal.Problems{{Code: portal.Invalid, Key: "api.cursor", Field: "cursor"}}
	}
	return mandates.Place{At: portal.FromMicros(us), ID: id}, nil
}

func (s *service) draftMandate(ctx context.Context, r *request, in *draftIn) (*mandateOut, error) {
	b := in.Body
	m, err := s.Mandates.Draft(ctx, r.by(), r.who.Organisation.Mandatary(), mandates.Draft{
		Name: b.Name, CompanyNumber: b.CompanyNumber, Capacity: b.Capacity, SignedBy: b.SignedBy,
		Street: b.Street, Postcode: b.Postcode, Town: b.Town, Language: b.Language, Points: strings.Join(b.Points, "\n"), Kinds: b.Kinds,
		DataFrom: b.DataFrom, DataTo: b.DataTo, ValidFrom: b.ValidFrom, ValidTo: b.ValidTo, Purpose: b.Purpose, Once: b.Once})
	if err != nil {
		return nil, err
	}
	return &mandateOut{Location: Prefix + "/mandates/" + m.ID, Body: counted(m)}, nil
}

func (s *service) getMandate(ctx context.Context, r *request, in *oneIn) (*oneOut, error) {
	m, found, err := s.Mandates.Store.Mandate(ctx, r.partner(), in.ID)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, &portal.Error{Code: portal.NotFound, Key: "api.absent"}
	}
	from, _ := strconv.Atoi(in.Cursor) // its form was validated; "" is the beginning
	from = min(from, len(m.Lines))
	to := min(from+in.Limit, len(m.Lines))
	out := &oneOut{}
	out.Body.mandateView = counted(m)
	out.Body.AccessPoints = []pointView{}
	for _, l := range m.Lines[from:to] {
		out.Body.AccessPoints = append(out.Body.AccessPoints, pointOf(l, r.now, m.Scope.Validity.To))
	}
	if to < len(m.Lines) {
		out.Body.Next = strconv.Itoa(to)
	}
	return out, nil
}
