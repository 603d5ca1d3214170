package web

import (
	"bytes"
	"errors"
	"slices"

	"guichet/portal"
	"guichet/portal/evidence"
	"guichet/portal/keys"
	"guichet/works"
)

// addPaper takes in one paper of a capture (T25). It is the request's from the
// beginning; where no request comes of it, it is purged.
func (c *capture) addPaper(x *ctx) error {
	sheet := x.pass.(works.Sheet)
	typed := sheet.Typed
	var problems portal.Problems
	wrong := func(field, key string, args ...any) {
		problems = append(problems, &portal.Error{Code: portal.Invalid, Key: key, Field: field, Args: args})
	}
	document := works.Document(x.field("document"))
	if !slices.Contains(typed.Facts().Takes(typed.Requester()), document) {
		wrong("document", "works.choice")
	}
	if none := x.noFile("file"); len(sheet.Papers) >= mostPapers {
		wrong("file", "works.papers", mostPapers)
	} else if none != nil {
		problems = append(problems, none)
	}
	if len(problems) > 0 {
		return c.page(x, sheet, works.StagePapers, problems)
	}
	by := c.visitor(x)
	f, err := c.Papers.Take(x.context(), by, evidence.Upload{Subject: works.Subject(sheet.ID), Name: x.file.name, Body: bytes.NewReader(x.file.data)})
	var e *portal.Error
	if errors.As(err, &e) && e.Code == portal.Invalid {
		return c.page(x, sheet, works.StagePapers, &portal.Error{Code: e.Code, Key: e.Key, Field: "file", Args: e.Args})
	}
	if err != nil {
		return err
	}
	sheet, ok, err := c.sheet(x) // what another page brought meanwhile stays
	if err != nil {
		return err
	}
	if ok && len(sheet.Papers) >= mostPapers { // several came at once
		return errors.Join(c.Papers.Withdraw(x.context(), by, works.Subject(sheet.ID), f.ID), x.redirect(worksStep(x, works.StagePapers)))
	}
	if ok {
		sheet.Papers = append(sheet.Papers, works.Attached{Name: f.Name, Size: f.Size,
			Paper: works.Paper{ID: portal.NewID(x.now), Document: document, EvidenceID: f.ID, AddedAt: x.now, AddedBy: by.Actor}})
		err = c.Drafts.Save(x.context(), x.cookie(worksCookie), sheet)
	}
	return errors.Join(err, x.redirect(worksStep(x, works.StagePapers)))
}

// withdraw takes papers back, with their bytes: one, or with all that was typed.
// A request that is recorded keeps its papers, and no submission is on its way
// meanwhile.
func (c *capture) withdraw(x *ctx, token keys.Secret, sheet works.Sheet, do string) error {
	only, err := c.Drafts.Only(x.context(), token)
	if err != nil {
		return err
	}
	if !only {
		return x.redirect(x.path("/works/made"))
	}
	switch _, _, err := c.Service.Store.Works(x.context(), sheet.ID); {
	case err == nil:
		return errors.Join(c.Drafts.Forget(x.context(), token), x.redirect(x.path("/works/made")))
	case portal.CodeOf(err) != portal.NotFound:
		return err
	}
	kept := sheet.Papers[:0]
	for _, p := range sheet.Papers {
		if do == "remove" && p.ID != x.field("paper") {
			kept = append(kept, p)
			continue
		}
		if err := c.Papers.Withdraw(x.context(), c.visitor(x), works.Subject(sheet.ID), p.EvidenceID); err != nil && portal.CodeOf(err) != portal.NotFound {
			return err
		}
	}
	sheet.Papers = kept
	if do == "discard-now" {
		x.setCookie(worksCookie, "", -1)
		return errors.Join(c.Drafts.Forget(x.context(), token), x.redirect(x.path("/works/new")))
	}
	return errors.Join(c.Drafts.Save(x.context(), token, sheet), c.Drafts.Again(x.context(), token), x.redirect(worksStep(x, works.StagePapers)))
}
