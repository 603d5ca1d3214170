package letter

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"strings"

	"guichet/portal/metering"
	"guichet/portal/outbox"
	"guichet/web/i18n"

	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/core/entity"
	"github.com/johnfercher/maroto/v2/pkg/props"
)

//go:embed detail.html
var detailText string

var detailPage = template.Must(template.New("detail").Parse(detailText))

// detailView is a letter of paragraphs under one title.
type detailView struct {
	view
	Paragraphs []string
}

// renderDetail tells that detail finer than daily was chosen or withdrawn, and
// what to do where it was somebody else (D5).
func renderDetail(l outbox.Letter, h House) (pdf, html []byte, err error) {
	var data metering.DetailLetter
	if err := json.Unmarshal(l.Data, &data); err != nil {
		return nil, nil, fmt.Errorf("letter's data cannot be read")
	}
	c := i18n.For(l.Language)
	v := detailView{view: frame(c, l, h)}
	v.Intro = c.T("letter.detail.point", c.T("letter.energy."+string(data.Energy)), data.Supply, strings.ReplaceAll(data.EAN, " ", "\u00a0"))
	if data.Chosen {
		v.Title = c.T("letter.detail.chosen")
		v.Paragraphs = []string{c.T("letter.detail.chosen.what", c.Date(metering.DateOf(data.From))),
			c.T("letter.detail.chosen.how"), c.T("letter.detail.chosen.end", v.Address)}
	} else {
		v.Title = c.T("letter.detail.withdrawn")
		v.Paragraphs = []string{c.T("letter.detail.withdrawn.what", v.Date), c.T("letter.detail.withdrawn.again")}
	}
	v.Paragraphs = append(v.Paragraphs, c.T("letter.detail.not-you", h.CallCentre))
	return v.both()
}

// both makes the printed letter and its page.
func (v detailView) both() (pdf, html []byte, err error) {
	if pdf, err = v.print(&detailSheet{sheet: sheet{view: v.view}, paragraphs: v.Paragraphs}); err != nil {
		return nil, nil, err
	}
	var b bytes.Buffer
	if err := detailPage.Execute(&b, v); err != nil {
		return nil, nil, fmt.Errorf("letter's page: %w", err)
	}
	return pdf, b.Bytes(), nil
}

// detailSheet is the letter's page.
type detailSheet struct {
	sheet
	paragraphs []string
}

// Render implements core.Component.
func (s *detailSheet) Render(p core.Provider, _ *entity.Cell) {
	s.p = p
	y := s.head() + 3
	for _, text := range s.paragraphs {
		y += s.text(left, y, right-left, text, props.Text{}) + 3
	}
	s.fill(left, y+1, right-left, 0.3, ink)
	s.fitted(left, y+3, right-left, s.Contact, props.Text{})
}
