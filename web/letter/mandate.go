package letter

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/outbox"
	"guichet/web/i18n"
)

// renderMandate tells a customer that somebody may have their consumption on a
// mandate, from when on, and how to say yes or no (D8).
func renderMandate(l outbox.Letter, h House) (pdf, html []byte, err error) {
	var data mandates.Letter
	if err := json.Unmarshal(l.Data, &data); err != nil {
		return nil, nil, fmt.Errorf("letter's data cannot be read")
	}
	c := i18n.For(l.Language)
	v := detailView{view: frame(c, l, h)}
	v.Title = c.T("letter.mandate")
	v.Intro = c.T("letter.mandate.who", data.Mandatary, strings.Join(data.At, "; "))
	kinds := make([]string, len(data.Kinds))
	for i, k := range data.Kinds {
		kinds[i] = c.T("mandate.kind." + string(k))
	}
	lastDay := func(border time.Time) string { return c.Date(border.In(portal.Brussels).AddDate(0, 0, -1)) }
	period := c.T("mandates.data-open", c.Date(data.DataFrom))
	if !data.DataTo.IsZero() {
		period = c.T("mine.between", c.Date(data.DataFrom), lastDay(data.DataTo))
	}
	when := c.T("letter.mandate.waits")
	if data.Proven {
		when = c.T("letter.mandate.proven")
	}
	v.Paragraphs = []string{
		c.T("letter.mandate.what", strings.Join(kinds, "; "), period, data.Purpose, lastDay(data.Until), data.Mandate),
		when, c.T("letter.mandate.revoke", v.Address, h.CallCentre), c.T("letter.mandate.contact", data.Mandatary, data.Contact),
	}
	return v.both()
}
