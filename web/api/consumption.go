package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"guichet/mandates"
	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/metering/exchange"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/negotiation"
)

// The forms of a delivery, the first where nothing else is asked for.
const (
	asJSON = "application/json"
	asCSV  = "text/csv"
	asESPI = "application/atom+xml"
)

type (
	consumptionIn struct {
		ID  string `path:"id" maxLength:"64" doc:"The mandate's number."`
		EAN string `query:"ean" required:"true" minLength:"18" maxLength:"22" doc:"The access point, one of the mandate's."`
		Wanted
	}
	// Wanted is what is asked of any delivery; exported so that the library sees it.
	Wanted struct {
		Grain  string `query:"grain" enum:"year,month,day,hour,quarter" default:"month" doc:"The length of the periods."`
		From   string `query:"from" format:"date" doc:"First day, local time of Brussels; left out: the first that may leave."`
		To     string `query:"to" format:"date" doc:"Day after the last; left out: up to today."`
		Since  string `query:"changed_since" format:"date-time" doc:"Only periods that may have changed since that moment: the as_of of what you have."`
		Accept string `header:"Accept" maxLength:"500" doc:"application/json, text/csv, or application/atom+xml for ESPI 4.0 (Green Button)."`
		Match  string `header:"If-None-Match" maxLength:"200" doc:"The ETag of what you have: 304 where nothing has changed since."`
	}
	consumptionOut struct {
		Status      int
		ContentType string `header:"Content-Type"`
		ETag        string `header:"ETag" doc:"Changes with the values, and with nothing else."`
		Vary        string `header:"Vary"`
		Link        string `header:"Link" doc:"rel=next: where a long series goes on."`
		Body        []byte
	}
)

// The same as the document has it; a test holds it against what is written.
type (
	deliveryView struct {
		Mandate grounds `json:"mandate" doc:"On what it left."`
		CarriedView
	}
	// CarriedView is what every delivery carries; exported so that the library sees it.
	CarriedView struct {
		Entry       string          `json:"entry" doc:"The entry of the operator's trail that tells of this delivery."`
		At          string          `json:"as_of" format:"date-time" doc:"Of which moment the values are: the next changed_since."`
		Next        string          `json:"next,omitempty" format:"uri-reference" doc:"Where a long series goes on; left out at its end."`
		Consumption consumptionView `json:"consumption" doc:"The values. The leaf names the SHA-256 of these bytes without white space."`
		Leaf        string          `json:"leaf" doc:"The entry's leaf, signed by the operator's trail key: guichet audit verify-mandate checks the file with it."`
	}
	consumptionView struct {
		Mark   string         `json:"confidentiality" doc:"For whom the values are."`
		EAN    string         `json:"ean" doc:"The access point, masked."`
		Energy string         `json:"energy" enum:"electricity,gas" doc:"What flows there."`
		Grain  string         `json:"grain" doc:"The length of the periods."`
		From   string         `json:"from,omitempty" format:"date-time" doc:"Where the values begin."`
		Until  string         `json:"until,omitempty" format:"date-time" doc:"Where they end, excluded."`
		Units  []registerView `json:"registers" maxItems:"8" doc:"The registers that count there."`
		Values []valueView    `json:"values" maxItems:"200000" doc:"The periods, in the order of time, without holes."`
	}
	registerView struct {
		Register  string `json:"register" doc:"Its name, as in amounts."`
		Unit      string `json:"unit" doc:"kWh or m³."`
		Thousands int    `json:"amounts_per_unit" doc:"How many of an amount make one unit."`
	}
	valueView struct {
		From          string           `json:"from" format:"date-time" doc:"Where the period begins."`
		Until         string           `json:"until" format:"date-time" doc:"Where it ends, excluded."`
		Quality       string           `json:"quality" enum:"complete,indexes,estimated,partial,missing,unread,straddle,daily" doc:"The worst that applies. unread, by year only: no two readings of the meter bound it. indexes, by year only: counted between two readings of the meter, with bounds of its own."`
		Days          *int             `json:"days,omitempty" doc:"Days in the period."`
		MissingDays   *int             `json:"missing_days,omitempty" doc:"How many of them miss a part."`
		EstimatedDays *int             `json:"estimated_days,omitempty" doc:"How many of them have an estimated part."`
		Amounts       map[string]int64 `json:"amounts,omitempty" doc:"By register; left out where there is none, which is not zero."`
		YearBefore    map[string]int64 `json:"year_before,omitempty" doc:"The same period a year earlier, where both are whole."`
	}
)

// longest is how many days leave at once, by grain.
var longest = map[metering.Grain]int{metering.ByHour: 366, metering.ByQuarter: 92}

func (s *service) consumptionRoutes() {
	schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[deliveryView](), true, "Delivery")
	text := &huma.Schema{Type: huma.TypeString}
	operate(s, huma.Operation{OperationID: "getConsumption", Method: http.MethodGet, Path: Prefix + "/mandates/{id}/consumption",
		Tags: []string{"consumption"}, Summary: "Get the consumption of an access point",
		Description: "Computed anew at each call: the mandate, the mandator's stay, three years back, the period signed for and the occupant's choice of detail all bound it. " +
			"What is not there and what is another's give the same answer; what your mandate does not cover gives 403 with the reason, and is recorded as every delivery is. " +
			"A long series by hour or quarter-hour comes in parts: follow next. " +
			"To keep what you have up to date, ask with changed_since: consumption holds the periods whose readings came or were corrected since, without year_before, and some more than need be. " +
			"Forget what lies outside of its from and until, then whatever overlaps a period delivered, and put these in; where from is earlier than that of what you have, ask for the whole. " +
			"An amount that is left out beside others is 0. Or ask for the whole with If-None-Match: 304 says that nothing changed.",
		Errors: []int{http.StatusNotFound, http.StatusNotAcceptable},
		Responses: map[string]*huma.Response{
			"200": {Description: "The delivery.", Content: map[string]*huma.MediaType{asJSON: {Schema: schema}, asCSV: {Schema: text}, asESPI: {Schema: text}}},
			"304": {Description: "Nothing has changed since."},
		}}, partner.ForConsumption, s.consumption)
}

// queryOf reads what is asked for. A day is one of Brussels.
func queryOf(grain, from, to string) (metering.Query, error) {
	q := metering.Query{Grain: metering.Grain(grain)}
	var problems portal.Problems
	for _, one := range []struct {
		field, text string
		at          *time.Time
	}{{"from", from, &q.From}, {"to", to, &q.To}} {
		if one.text == "" {
			continue
		}
		t, err := portal.ParseDate(one.text)
		if err != nil {
			problems = append(problems, &portal.Error{Code: portal.Invalid, Key: "date.format", Field: one.field, Args: []any{one.text}})
		}
		*one.at = t
	}
	if len(problems) > 0 {
		return q, problems
	}
	if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		return q, portal.Problems{{Code: portal.Invalid, Key: "api.order", Field: "to"}}
	}
	return q, nil
}

func (s *service) consumption(ctx context.Context, r *request, in *consumptionIn) (*consumptionOut, error) {
	return s.deliver(r, in.Wanted, onMandate, Prefix+"/mandates/"+in.ID+"/consumption", url.Values{"ean": {in.EAN}}, func(a mandates.Asked) (d mandates.Delivery, err error) {
		if a.EAN, err = portal.ParseEAN(in.EAN); err != nil {
			return d, portal.Problems{{Code: portal.Invalid, Key: "mandate.point", Field: "ean", Args: []any{1}}}
		}
		return s.Mandates.Hand(ctx, s.History, r.by(), r.partner(), in.ID, a)
	})
}

// deliver answers with a delivery in the form that was asked for; hand gets it.
// path and its values are where it goes on, mark one of marks.
func (s *service) deliver(r *request, in Wanted, mark, path string, on url.Values, hand func(mandates.Asked) (mandates.Delivery, error)) (*consumptionOut, error) {
	form, ok := formOf(in.Accept)
	if !ok {
		return nil, bare(r, http.StatusNotAcceptable)
	}
	asked := mandates.Asked{Days: longest[metering.Grain(in.Grain)]}
	var err error
	if asked.Query, err = queryOf(in.Grain, in.From, in.To); err != nil {
		return nil, err
	}
	if in.Since != "" {
		since, err := time.Parse(time.RFC3339, in.Since)
		if err != nil || since.After(r.now) {
			return nil, portal.Problems{{Code: portal.Invalid, Key: "api.since", Field: "changed_since"}}
		}
		asked.Query.Since = since
	}
	var tag string
	asked.Render = func(series metering.Series) ([]byte, error) {
		plain, err := renderJSON(series, marks[mark])
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(append([]byte(form+"\n"), plain...))
		tag = `"` + hex.EncodeToString(sum[:16]) + `"`
		switch form {
		case asCSV:
			return s.renderCSV(r, series, mark)
		case asESPI:
			return s.renderESPI(r, series, mark)
		}
		return plain, nil
	}
	d, err := hand(asked)
	if err != nil {
		return nil, err
	}
	out := &consumptionOut{Status: http.StatusOK, ContentType: form, ETag: tag, Vary: "Accept, Accept-Language"}
	next := ""
	if !d.Next.IsZero() {
		on.Set("grain", in.Grain)
		on.Set("from", day(d.Next))
		if in.To != "" {
			on.Set("to", in.To)
		}
		if in.Since != "" {
			on.Set("changed_since", in.Since)
		}
		next = path + "?" + on.Encode()
		out.Link = "<" + next + `>; rel="next"`
	}
	if matches(in.Match, tag) {
		out.Status = http.StatusNotModified
		return out, nil
	}
	if form == asJSON {
		out.Body, err = writeJSON(d, s.Signer, next)
		return out, err
	}
	out.ContentType += "; charset=utf-8"
	out.Body, err = WriteText(d, s.Signer, form == asCSV)
	return out, err
}

// formOf picks the form that an Accept header likes best; JSON where any will do.
func formOf(accept string) (string, bool) {
	if form := negotiation.SelectQValueFast(accept, []string{asJSON, asCSV, asESPI}); form != "" {
		return form, true
	}
	whatever := accept == "" || strings.Contains(accept, "*/*") || strings.Contains(accept, "application/*")
	return asJSON, whatever
}

func matches(header, tag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		if one = strings.TrimPrefix(strings.TrimSpace(one), "W/"); one == tag || one == "*" {
			return true
		}
	}
	return false
}

func (s *service) renderCSV(r *request, series metering.Series, mark string) ([]byte, error) {
	t := r.words.T
	words := exchange.Words{Mark: t(mark), Lines: []string{soft(t("consumption.title." + string(series.Energy)))},
		From: t("csv.from"), Until: t("csv.to"), EAN: t("csv.ean"), Register: t("csv.register"), Amount: t("csv.amount"), Unit: t("csv.unit"),
		Quality: t("table.quality"), YearBefore: t("legend.before"), Registers: r.registers()}
	var b bytes.Buffer
	err := exchange.WriteCSV(&b, series, words)
	return b.Bytes(), err
}

func (s *service) renderESPI(r *request, series metering.Series, mark string) ([]byte, error) {
	var b bytes.Buffer
	err := exchange.WriteESPI(&b, series, exchange.FeedWords{Mark: r.words.T(mark), Title: soft(r.words.T("consumption.title." + string(series.Energy))),
		Author: s.Operator, Registers: r.registers(), Made: r.now})
	return b.Bytes(), err
}

// soft takes out where a narrow page may break a word.
func soft(text string) string { return strings.ReplaceAll(text, "\u00ad", "") }

func (r *request) registers() map[metering.Register]string {
	words := map[metering.Register]string{}
	for _, one := range metering.Registers {
		words[one] = r.words.T("register." + string(one))
	}
	return words
}
