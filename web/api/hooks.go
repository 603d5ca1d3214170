package api

import (
	"context"
	"net/http"
	"time"

	"guichet/mandates/partner"

	"github.com/danielgtaylor/huma/v2"
)

type (
	hookIn struct {
		Body struct {
			URL string `json:"url" format:"uri" maxLength:"500" doc:"Where events are posted: https, at a public address."`
		}
	}
	hookView struct {
		ID     string    `json:"id" doc:"The webhook's number."`
		URL    string    `json:"url" doc:"Where events are posted."`
		MadeAt time.Time `json:"made_at" doc:"When it was registered."`
		Secret string    `json:"secret,omitempty" doc:"Shown once: signs every post. Guichet-Signature is t=seconds,v1=hex of HMAC-SHA-256 over the seconds, a dot and the body."`
	}
	hookList struct {
		Body struct {
			Webhooks []hookView `json:"webhooks" maxItems:"5" doc:"Those that are live."`
		}
	}
	hookOf struct {
		ID string `path:"id" maxLength:"64" doc:"The webhook's number."`
	}
	eventView struct {
		ID    string    `json:"id" doc:"The event's number, as a webhook is told it."`
		Kind  string    `json:"kind" enum:"batch.done,mandate.changed" doc:"What happened."`
		About string    `json:"about" doc:"The number of the batch or mandate."`
		At    time.Time `json:"at" doc:"When."`
	}
	eventList struct {
		Body struct {
			Events []eventView `json:"events" maxItems:"100" doc:"Oldest first; kept for thirty days."`
			Next   string      `json:"next,omitempty" doc:"The cursor of what comes next; left out where nothing has come yet."`
		}
	}
)

func (s *service) hookRoutes() {
	tags := []string{"webhooks"}
	operate(s, huma.Operation{OperationID: "listWebhooks", Method: http.MethodGet, Path: Prefix + "/webhooks", Tags: tags,
		Summary: "List your webhooks"}, partner.ForMandates, s.listHooks)
	operate(s, huma.Operation{OperationID: "addWebhook", Method: http.MethodPost, Path: Prefix + "/webhooks", Tags: tags, DefaultStatus: http.StatusCreated,
		Summary: "Register a webhook", Errors: []int{http.StatusConflict},
		Description: "It is posted the number of each event and nothing else; GET /events tells what the event is about. " +
			"Only a status of 2xx within five seconds counts; otherwise the post is tried again after growing waits, for some three days. Redirects are not followed."},
		partner.ForMandates, s.addHook)
	operate(s, huma.Operation{OperationID: "endWebhook", Method: http.MethodDelete, Path: Prefix + "/webhooks/{id}", Tags: tags, DefaultStatus: http.StatusNoContent,
		Summary: "End a webhook", Errors: []int{http.StatusNotFound}}, partner.ForMandates, s.endHook)
	operate(s, huma.Operation{OperationID: "listEvents", Method: http.MethodGet, Path: Prefix + "/events", Tags: tags,
		Summary: "See what happened", Description: "The events of your mandates and batches, whether or not a webhook was told."}, partner.ForMandates, s.listEvents)
}

func (s *service) listHooks(ctx context.Context, r *request, _ *struct{}) (*hookList, error) {
	list, err := s.Hooks.Store.Hooks(ctx, r.partner())
	if err != nil {
		return nil, err
	}
	out := &hookList{}
	out.Body.Webhooks = []hookView{}
	for _, h := range list {
		out.Body.Webhooks = append(out.Body.Webhooks, hookView{ID: h.ID, URL: h.URL, MadeAt: h.MadeAt.UTC()})
	}
	return out, nil
}

func (s *service) addHook(ctx context.Context, r *request, in *hookIn) (*struct{ Body hookView }, error) {
	h, secret, err := s.Hooks.Register(ctx, r.by(), r.partner(), in.Body.URL)
	if err != nil {
		return nil, err
	}
	return &struct{ Body hookView }{hookView{ID: h.ID, URL: h.URL, MadeAt: h.MadeAt.UTC(), Secret: secret.Reveal()}}, nil
}

func (s *service) endHook(ctx context.Context, r *request, in *hookOf) (*struct{}, error) {
	return nil, absentOr(s.Hooks.End(ctx, r.by(), r.partner(), in.ID))
}

func (s *service) listEvents(ctx context.Context, r *request, in *listIn) (*eventList, error) {
	list, err := s.Hooks.Store.Events(ctx, r.partner(), in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &eventList{}
	out.Body.Events = []eventView{}
	for _, e := range list {
		out.Body.Events = append(out.Body.Events, eventView{ID: e.ID, Kind: e.Kind, About: e.About, At: e.At.UTC()})
		out.Body.Next = e.ID
	}
	return out, nil
}
