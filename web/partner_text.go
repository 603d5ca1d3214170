package web

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"guichet/mandates"
	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/web/ui/component"
)

// spaced writes a long secret in groups of four, as people type it.
func spaced(s string) string {
	var groups []string
	for ; len(s) > 4; s = s[4:] {
		groups = append(groups, s[:4])
	}
	return strings.Join(append(groups, s), " ")
}

// lineWord is where a line stands, in words and in a tag's colour.
func lineWord(x *ctx, m mandates.Mandate, l mandates.Line) component.Cell {
	s := l.StatusAt(x.now, m.Scope.Validity.To)
	c := component.Cell{Text: x.T("mandate.line." + string(s)), Tag: "plain"}
	switch s {
	case mandates.LineProposed, mandates.LineWaiting:
		c.Tag = "warn"
	case mandates.LineRefused, mandates.LineExpired, mandates.LineEnded:
		c.Tag = "stop"
	}
	return c
}

// lineNote is why, or from when.
func lineNote(x *ctx, m mandates.Mandate, l mandates.Line) string {
	switch l.StatusAt(x.now, m.Scope.Validity.To) {
	case mandates.LineRefused:
		return x.saidOr("mandate.refused."+l.Reason, "mandate.refused.other")
	case mandates.LineEnded:
		end, at := l.Over()
		return x.T("mandate.end."+string(end)) + ", " + x.Date(at)
	case mandates.LineWaiting:
		if begins := l.Begins(); !begins.IsZero() {
			return x.T("partner.line.from", x.Date(begins))
		}
		return x.T("partner.line.letter")
	case mandates.LineInForce:
		return x.T("partner.line.until", x.Date(lastDay(m.Scope.Validity.To)))
	}
	return ""
}

func statusTag(s mandates.Status) string {
	switch s {
	case mandates.Drafted, mandates.Returned:
		return "warn"
	case mandates.Withdrawn:
		return "stop"
	}
	return "plain"
}

// nameForm is what an id or a login of ours looks like.
var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// named is a part of the path that names something of ours; what cannot be such
// a name is nobody's, and no database is asked whether it is text at all.
func (x *ctx) named(part string) string {
	if s := x.param(part); nameForm.MatchString(s) {
		return s
	}
	return "-"
}

// place reads "before" as placeText writes it.
func place(text string) (mandates.Place, error) {
	at, id, err := cutPlace(text)
	if err == nil && id != "" && !nameForm.MatchString(id) {
		err = unspoken(http.StatusNotFound)
	}
	return mandates.Place{At: at, ID: id}, err
}

// cutPlace reads where a list goes on: the moment and the id of the last line of
// the page before. What an id may look like is its caller's to check.
func cutPlace(text string) (at time.Time, id string, err error) {
	if text == "" {
		return at, "", nil
	}
	us, id, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(us, 10, 64)
	if err != nil || n <= 0 {
		return at, "", unspoken(http.StatusNotFound)
	}
	return portal.FromMicros(n), id, nil
}

func placeText(at time.Time, id string) string {
	return strconv.FormatInt(portal.Micros(at), 10) + "." + id
}

func scopeWords(x *ctx, scopes []partner.Scope) string {
	words := make([]string, len(scopes))
	for i, s := range scopes {
		words[i] = x.T("partner.scope." + string(s))
	}
	return x.Apart(words)
}
