package api

import (
	"context"
	"net/http"
	"net/url"
	"reflect"

	"guichet/mandates"
	"guichet/mandates/partner"

	"github.com/danielgtaylor/huma/v2"
)

// The registrations of a supplier as its programs see them. Those that are
// over, to come, another's or nobody's are not there. Of an end that is under
// way it says that, and never which (L14, L15).
type (
	registrationView struct {
		ID     string   `json:"id" doc:"The registration's number."`
		EAN    string   `json:"ean" doc:"The access point."`
		Since  string   `json:"since" format:"date" doc:"First day of your accepted registration: nothing older leaves."`
		Until  string   `json:"until,omitempty" format:"date" doc:"Last day, where its end is known."`
		Status string   `json:"status" enum:"registered,end-of-contract" doc:"Where it stands."`
		Kinds  []string `json:"kinds" maxItems:"3" doc:"What may be had without a mandate: totals, daily, fine."`
	}
	registrationsIn struct {
		Cursor string `query:"cursor" maxLength:"64" doc:"Where the list goes on: next of the page before."`
		Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"How many at most."`
	}
	registrationList struct {
		Body struct {
			Registrations []registrationView `json:"registrations" maxItems:"1000" doc:"Those that hold now."`
			Next          string             `json:"next,omitempty" doc:"The cursor of the next page; left out on the last."`
		}
	}
	suppliedIn struct {
		ID string `path:"id" maxLength:"64" doc:"The registration's number."`
		Wanted
	}
	supplierDeliveryView struct {
		Registration registered `json:"registration" doc:"On what it left."`
		CarriedView
	}
)

func (s *service) registrationRoutes() {
	operate(s, huma.Operation{OperationID: "listRegistrations", Method: http.MethodGet, Path: Prefix + "/registrations", Tags: []string{"registrations"},
		Summary: "List your registrations", Description: "For suppliers: your accepted registrations that hold now, of customers who were there at their acceptance and still are. " +
			"A partner that is no supplier has none."}, partner.ForConsumption, s.listRegistrations)
	schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[supplierDeliveryView](), true, "SupplierDelivery")
	text := &huma.Schema{Type: huma.TypeString}
	operate(s, huma.Operation{OperationID: "getRegisteredConsumption", Method: http.MethodGet, Path: Prefix + "/registrations/{id}/consumption",
		Tags: []string{"registrations"}, Summary: "Get the consumption of an access point that you supply",
		Description: "From your own accepted registration on, as long as it holds: months and years; by day and finer only where the connection's power has it measured so by law. " +
			"For more you need a mandate. What is over, another's or not there gives the same answer. Every delivery and every refusal is recorded, and the customer sees each delivery. " +
			"For the rest as getConsumption.",
		Errors: []int{http.StatusNotFound, http.StatusNotAcceptable},
		Responses: map[string]*huma.Response{
			"200": {Description: "The delivery.", Content: map[string]*huma.MediaType{asJSON: {Schema: schema}, asCSV: {Schema: text}, asESPI: {Schema: text}}},
			"304": {Description: "Nothing has changed since."},
		}}, partner.ForConsumption, s.suppliedConsumption)
}

func viewOfRegistration(one mandates.Supplied) registrationView {
	v := registrationView{ID: one.ID, EAN: string(one.EAN), Since: day(one.From), Until: lastDay(one.To), Status: "registered"}
	if one.Ending() {
		v.Status = "end-of-contract"
	}
	for _, k := range one.Kinds() {
		v.Kinds = append(v.Kinds, string(k))
	}
	return v
}

func (s *service) listRegistrations(ctx context.Context, r *request, in *registrationsIn) (*registrationList, error) {
	list, err := s.Mandates.RegisteredTo(ctx, r.by(), r.who.Organisation.AsSupplier(), in.Cursor, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &registrationList{}
	out.Body.Registrations = []registrationView{}
	for i, one := range list {
		if i == in.Limit {
			out.Body.Next = list[i-1].ID
			break
		}
		out.Body.Registrations = append(out.Body.Registrations, viewOfRegistration(one))
	}
	return out, nil
}

func (s *service) suppliedConsumption(ctx context.Context, r *request, in *suppliedIn) (*consumptionOut, error) {
	return s.deliver(r, in.Wanted, onRegistration, Prefix+"/registrations/"+in.ID+"/consumption", url.Values{}, func(a mandates.Asked) (mandates.Delivery, error) {
		return s.Mandates.Supply(ctx, s.History, r.by(), r.who.Organisation.AsSupplier(), in.ID, a)
	})
}
