package api

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"guichet/mandates/batch"
	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/metering"

	"github.com/danielgtaylor/huma/v2"
)

type (
	batchIn struct {
		Body struct {
			Grain   string     `json:"grain" enum:"year,month,day" doc:"The length of the periods; finer ones are asked for one by one."`
			From    string     `json:"from,omitempty" format:"date" doc:"First day."`
			To      string     `json:"to,omitempty" format:"date" doc:"Day after the last."`
			Mandate string     `json:"mandate,omitempty" maxLength:"64" doc:"One of your mandates: all access points of it. Or lines, not both."`
			Lines   []lineWant `json:"lines,omitempty" maxItems:"10000" doc:"Access points of your mandates."`
		}
	}
	lineWant struct {
		Mandate string `json:"mandate" minLength:"1" maxLength:"64" doc:"The mandate's number."`
		EAN     string `json:"ean" minLength:"18" maxLength:"22" doc:"One of its access points."`
	}
	batchView struct {
		ID        string     `json:"id" doc:"The batch's number."`
		Status    string     `json:"status" enum:"working,done" doc:"Whether all lines have their outcome."`
		Grain     string     `json:"grain" doc:"The length of the periods."`
		MadeAt    time.Time  `json:"made_at" doc:"When it was asked for."`
		DoneAt    *time.Time `json:"done_at,omitempty" doc:"When it was done."`
		Until     time.Time  `json:"until" doc:"When it is forgotten."`
		Lines     *int       `json:"lines,omitempty" doc:"How many access points."`
		Worked    *int       `json:"worked,omitempty" doc:"How many of them have their outcome."`
		Delivered *int       `json:"delivered,omitempty" doc:"How many of those were delivered."`
	}
	batchOut struct {
		Location string `header:"Location" doc:"Where the batch lies."`
		Body     batchView
	}
	batchList struct {
		Body struct {
			Batches []batchView `json:"batches" maxItems:"100" doc:"Newest first, without counts."`
			Next    string      `json:"next,omitempty" doc:"The cursor of the next page; left out on the last."`
		}
	}
	batchOf struct {
		ID string `path:"id" maxLength:"64" doc:"The batch's number."`
	}
	linesIn struct {
		ID     string `path:"id" maxLength:"64" doc:"The batch's number."`
		Cursor string `query:"cursor" maxLength:"10" pattern:"^[0-9]*$" doc:"Where the lines go on: next of the page before."`
		Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"How many at most; a page of long deliveries has fewer."`
	}
	lineView struct {
		Place    int64           `json:"place" doc:"Its place in the batch, from 1."`
		Mandate  string          `json:"mandate" doc:"The mandate's number."`
		EAN      string          `json:"ean" doc:"The access point."`
		Outcome  string          `json:"outcome" enum:"waiting,delivered,no-mandate,not-in-force,out-of-stay,other-kind,other-period,already-given" doc:"What came of it. A mandate that was revoked since gives not-in-force."`
		Delivery json.RawMessage `json:"delivery,omitempty" doc:"The delivery, as of one access point."`
	}
	linesOut struct {
		Body struct {
			Lines []lineView `json:"lines" maxItems:"100" doc:"In the order of the batch."`
			Next  string     `json:"next,omitempty" doc:"The cursor of the next page; left out on the last."`
		}
	}
)

func (s *service) batchRoutes() {
	absent := []int{http.StatusNotFound}
	operate(s, huma.Operation{OperationID: "askBatch", Method: http.MethodPost, Path: Prefix + "/batches", Tags: []string{"batches"},
		Summary: "Ask for many access points at once", DefaultStatus: http.StatusAccepted, Errors: absent,
		Description: "Up to 10,000 access points of your mandates. It is worked on in the background and told by the event batch.done; its lines can be fetched for a week."},
		partner.ForConsumption, s.askBatch)
	operate(s, huma.Operation{OperationID: "listBatches", Method: http.MethodGet, Path: Prefix + "/batches", Tags: []string{"batches"},
		Summary: "List your batches"}, partner.ForConsumption, s.listBatches)
	operate(s, huma.Operation{OperationID: "getBatch", Method: http.MethodGet, Path: Prefix + "/batches/{id}", Tags: []string{"batches"},
		Summary: "See how far a batch is", Errors: absent}, partner.ForConsumption, s.getBatch)
	operate(s, huma.Operation{OperationID: "getBatchLines", Method: http.MethodGet, Path: Prefix + "/batches/{id}/lines", Tags: []string{"batches"},
		Summary: "Fetch the lines of a batch", Errors: absent,
		Description: "Each with its outcome and, where it was delivered and may still leave at this moment, its delivery."}, partner.ForConsumption, s.getBatchLines)
	// The document tells the delivery's form, which is passed on as it was sealed.
	line := s.api.OpenAPI().Components.Schemas.SchemaFromRef("#/components/schemas/Line")
	line.Properties["delivery"] = s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[deliveryView](), true, "Delivery")
}

func batchViewOf(b batch.Batch) batchView {
	v := batchView{ID: b.ID, Status: "working", Grain: string(b.Grain), MadeAt: b.MadeAt.UTC(), DoneAt: when(b.DoneAt), Until: b.MadeAt.Add(batch.Life).UTC()}
	if v.DoneAt != nil {
		v.Status = "done"
	}
	return v
}

func (s *service) askBatch(ctx context.Context, r *request, in *batchIn) (*batchOut, error) {
	q, err := queryOf(in.Body.Grain, in.Body.From, in.Body.To)
	if err != nil {
		return nil, err
	}
	if (in.Body.Mandate == "") == (len(in.Body.Lines) == 0) {
		return nil, portal.Problems{{Code: portal.Invalid, Key: "api.either", Field: "lines"}}
	}
	lines := make([]batch.Line, len(in.Body.Lines))
	var problems portal.Problems
	for i, want := range in.Body.Lines {
		ean, err := portal.ParseEAN(want.EAN)
		if err != nil && len(problems) < 100 {
			problems = append(problems, &portal.Error{Code: portal.Invalid, Key: "mandate.point", Field: "lines[" + strconv.Itoa(i) + "].ean", Args: []any{i + 1}})
		}
		lines[i] = batch.Line{Mandate: want.Mandate, EAN: ean}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	b, n, err := s.Batches.Ask(ctx, batch.Batch{PartnerID: r.partner(), Actor: r.who.Actor().ID, Grain: metering.Grain(in.Body.Grain), From: q.From, To: q.To},
		lines, in.Body.Mandate)
	if err != nil {
		if portal.CodeOf(err) == portal.NotFound {
			err = &portal.Error{Code: portal.NotFound, Key: "api.absent"}
		}
		return nil, err
	}
	zero := 0
	out := &batchOut{Location: Prefix + "/batches/" + b.ID, Body: batchViewOf(b)}
	out.Body.Lines, out.Body.Worked, out.Body.Delivered = &n, &zero, &zero
	return out, nil
}

func (s *service) listBatches(ctx context.Context, r *request, in *listIn) (*batchList, error) {
	list, err := s.Batches.Store.Batches(ctx, r.partner(), in.Cursor, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &batchList{}
	out.Body.Batches = []batchView{}
	for i, b := range list {
		if i == in.Limit {
			out.Body.Next = list[i-1].ID
			break
		}
		out.Body.Batches = append(out.Body.Batches, batchViewOf(b))
	}
	return out, nil
}

func (s *service) getBatch(ctx context.Context, r *request, in *batchOf) (*struct{ Body batchView }, error) {
	b, p, err := s.Batches.Store.PartnerBatch(ctx, r.partner(), in.ID)
	if err != nil {
		return nil, absentOr(err)
	}
	v := batchViewOf(b)
	v.Lines, v.Worked, v.Delivered = &p.Lines, &p.Worked, &p.Delivered
	return &struct{ Body batchView }{v}, nil
}

// absentOr gives one text to whatever is not there.
func absentOr(err error) error {
	if portal.CodeOf(err) == portal.NotFound {
		return &portal.Error{Code: portal.NotFound, Key: "api.absent"}
	}
	return err
}

func (s *service) getBatchLines(ctx context.Context, r *request, in *linesIn) (*linesOut, error) {
	after, _ := strconv.ParseInt("0"+in.Cursor, 10, 64) // its form was validated
	lines, more, err := s.Batches.Lines(ctx, r.by(), r.partner(), in.ID, after, in.Limit)
	if err != nil {
		return nil, absentOr(err)
	}
	out := &linesOut{}
	out.Body.Lines = []lineView{}
	for _, l := range lines {
		v := lineView{Place: l.Place, Mandate: l.Mandate, EAN: string(l.EAN), Outcome: l.Outcome, Delivery: l.Delivery}
		if v.Outcome == "" {
			v.Outcome = "waiting"
		}
		out.Body.Lines = append(out.Body.Lines, v)
	}
	if more {
		out.Body.Next = strconv.FormatInt(lines[len(lines)-1].Place, 10)
	}
	return out, nil
}
