package web

import (
	"context"
	"net/http"
	"strconv"

	"guichet/lookup"
	"guichet/portal/audit"
	"guichet/portal/registry"
	"guichet/web/ui/layout"
	"guichet/web/ui/page/public"
)

// Looks reads who looked at an occupancy's data; the store.
type Looks interface {
	audit.Shelf
	// ReferenceKeys gives the keys of all references an occupancy ever had.
	ReferenceKeys(ctx context.Context, occupancyID string) ([]string, error)
	// StaffRoles gives the role of each login that is known.
	StaffRoles(ctx context.Context, logins []string) (map[string]string, error)
}

// PaperDeps is what the pages about a person's own file need.
type PaperDeps struct {
	Looks          Looks
	Posts          Posts
	Postings       PostingReader
	Dossiers       registry.DossierStore
	Rectifications Rectifications
}

// paperRoutes are the pages about the file itself, all of them behind an
// opened reference.
func (s *site) paperRoutes(visitor Policy) []Route {
	return []Route{
		{http.MethodGet, "/:lang/seen", visitor, s.seen},
		{http.MethodGet, "/:lang/seen/receipt", visitor, s.receipt},
		{http.MethodPost, "/:lang/consumption/by-post", visitor, s.byPost},
		{http.MethodGet, "/:lang/consumption/posted", visitor, s.posted},
		{http.MethodGet, "/:lang/mine", visitor, s.mine},
		{http.MethodGet, "/:lang/mine.json", visitor, s.mineJSON},
		{http.MethodGet, "/:lang/rectify", visitor, s.rectify},
		{http.MethodPost, "/:lang/rectify", visitor, s.wrong},
		{http.MethodGet, "/:lang/rectify/asked", visitor, s.rectifyAsked},
	}
}

// subjects are what the trail's entries about a pass carry: the occupancy, and
// each reference it ever had.
func (s *site) subjects(x *ctx, pass lookup.Pass) ([]string, error) {
	list := []string{stay(pass)}
	keys, err := s.Papers.Looks.ReferenceKeys(x.context(), pass.Occupancy.ID)
	for _, key := range keys {
		list = append(list, "reference:"+key)
	}
	return list, err
}

func stay(pass lookup.Pass) string { return "occupancy:" + pass.Occupancy.ID }

// fileView leads from the history to the pages about the file it belongs to.
func fileView(x *ctx, index int) public.File {
	of := ofQuery(index)
	return public.File{
		ID: strconv.Itoa(index),
		Links: []layout.Link{
			{Text: x.T("seen.link"), Href: x.path("/seen" + of)},
			{Text: x.T("mandates.link"), Href: x.path("/mandates" + of)},
			{Text: x.T("mine.link"), Href: x.path("/mine" + of)},
			{Text: x.T("rectify.link"), Href: x.path("/rectify" + of)},
		},
		ByPost: x.path("/consumption/by-post" + of),
	}
}
