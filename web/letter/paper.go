package letter

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strconv"
	"strings"

	"guichet/portal/outbox"
	"guichet/web/i18n"

	"github.com/johnfercher/go-tree/node"
	"github.com/johnfercher/maroto/v2"
	"github.com/johnfercher/maroto/v2/pkg/components/col"
	"github.com/johnfercher/maroto/v2/pkg/components/row"
	"github.com/johnfercher/maroto/v2/pkg/components/text"
	"github.com/johnfercher/maroto/v2/pkg/config"
	"github.com/johnfercher/maroto/v2/pkg/consts/align"
	"github.com/johnfercher/maroto/v2/pkg/consts/border"
	"github.com/johnfercher/maroto/v2/pkg/consts/fontstyle"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/core/entity"
	"github.com/johnfercher/maroto/v2/pkg/props"
)

// paper is a letter of words and perhaps a table, over as many pages as it
// takes: the first like every letter of ours, help first and the address where
// the envelope's window is.
type paper struct {
	Lang                   string
	Operator, Confidential string
	To                     []string
	Date, Title            string
	HelpTitle, Help, Hours string
	Phone, Contact         string
	Paragraphs             []string
	Table                  grid
	After                  []string // below the table
}

// grid is a table: the first column holds each row's name, the last one words;
// Widths are out of parts.
type grid struct {
	Caption string
	Heads   []string
	Widths  []int
	Rows    [][]string
}

// newPaper fills in what every letter has.
func newPaper(c *i18n.Catalog, l outbox.Letter, h House) paper {
	p := paper{Lang: string(l.Language), Operator: h.Operator, Confidential: c.T("letter.confidential"), Date: c.Date(l.QueuedAt),
		HelpTitle: c.T("letter.help.title"), Help: c.T("letter.help.text"), Hours: c.T("letter.help.hours"), Phone: h.CallCentre,
		Contact: c.T("letter.contact", h.Contact), To: window(l.To)}
	return p
}

// window is the address as an envelope shows it.
func window(to outbox.Address) (lines []string) {
	for _, s := range []string{to.Name, to.Street, to.Postcode + " " + to.Town} {
		if s = strings.TrimSpace(s); s != "" {
			lines = append(lines, s)
		}
	}
	return lines
}

//go:embed paper.html
var paperText string

var paperPage = template.Must(template.New("paper").Parse(paperText))

func (p paper) render() (pdf, html []byte, err error) {
	if pdf, err = p.pdf(); err != nil {
		return nil, nil, err
	}
	html, err = p.html()
	return pdf, html, err
}

func (p paper) html() ([]byte, error) {
	var b bytes.Buffer
	if err := paperPage.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("letter's page: %w", err)
	}
	return b.Bytes(), nil
}

const (
	paperTop  = 10.0 // millimetres above the head
	firstPage = 92.0 // of the first page's head, down to the title
	paperFoot = 12.0
	parts     = 36 // of a page's width, for the columns of a table
)

func (p paper) pdf() ([]byte, error) {
	press.Lock()
	defer press.Unlock()
	own, err := fonts()
	if err != nil {
		return nil, fmt.Errorf("letter's fonts: %w", err)
	}
	plain := props.Font{Family: sans, Size: body, Color: ink}
	cfg := config.NewBuilder().WithDimensions(pageWidth, pageHeight).
		WithLeftMargin(left).WithRightMargin(pageWidth-right).WithTopMargin(paperTop).WithBottomMargin(8).WithSequentialMode().WithMaxGridSize(parts).
		WithCustomFonts(own).WithDefaultFont(&plain).
		WithTitle(p.Title, true).WithAuthor(p.Operator, true).Build()
	m := maroto.New(cfg)
	if err := m.RegisterHeader(p.headRow(cfg.MaxGridSize)); err != nil {
		return nil, fmt.Errorf("letter's head: %w", err)
	}
	if err := m.RegisterFooter(text.NewRow(paperFoot, p.Contact, props.Text{Top: 3})); err != nil {
		return nil, fmt.Errorf("letter's foot: %w", err)
	}
	m.AddRow(firstPage-22, col.New(cfg.MaxGridSize).Add(&cover{paper: p}))
	m.AddRows(text.NewAutoRow(p.Title, props.Text{Size: 18, Style: fontstyle.Bold, Bottom: 2}))
	p.prose(m, p.Paragraphs)
	p.table(m)
	p.prose(m, p.After)
	doc, err := m.Generate()
	if err != nil {
		return nil, fmt.Errorf("letter's PDF: %w", err)
	}
	return doc.GetBytes(), nil
}

// headRow stands on every page: who writes, and the mark (L20).
func (p paper) headRow(whole int) core.Row {
	return row.New(12).Add(
		text.NewCol(whole/2, p.Operator, props.Text{Size: 18, Style: fontstyle.Bold, Color: deep, Top: 1}),
		text.NewCol(whole-whole/2, p.Confidential, props.Text{Style: fontstyle.Bold, Align: align.Right, Top: 2}),
	).WithStyle(&props.Cell{BorderType: border.Bottom, BorderColor: deep, BorderThickness: 0.8})
}

func (p paper) prose(m core.Maroto, paragraphs []string) {
	for _, one := range paragraphs {
		m.AddRows(text.NewAutoRow(one, props.Text{Top: 1, Bottom: 2.5, VerticalPadding: line - body*point}))
	}
}

func (p paper) table(m core.Maroto) {
	if len(p.Table.Rows) == 0 {
		return
	}
	m.AddRows(text.NewAutoRow(p.Table.Caption, props.Text{Style: fontstyle.Bold, Top: 2, Bottom: 1}))
	bottom := &props.Cell{BorderType: border.Bottom, BorderColor: ink, BorderThickness: 0.4}
	m.AddRows(p.tableRow(p.Table.Heads, props.Text{Style: fontstyle.Bold, VerticalPadding: 0.6}).WithStyle(bottom))
	hair := &props.Cell{BorderType: border.Bottom, BorderColor: sand, BorderThickness: 0.3}
	for _, cells := range p.Table.Rows {
		m.AddRows(p.tableRow(cells, props.Text{}).WithStyle(hair))
	}
	m.AddRows(row.New(4))
}

func (p paper) tableRow(cells []string, style props.Text) core.Row {
	r := row.New()
	for i, cell := range cells {
		style := style
		style.Top, style.Bottom = 1.1, 1.4
		style.Align, style.Left = align.Right, 2
		if i == 0 || i == len(cells)-1 { // names and words begin where they begin
			style.Align, style.Left = align.Left, 0
		}
		if i == len(cells)-1 {
			style.Left = 4
		}
		r.Add(text.NewCol(p.Table.Widths[i], cell, style))
	}
	return r
}

// cover is the first page's head below the mark: help, the address in the
// window, the date.
type cover struct{ paper }

// SetConfig implements core.Node.
func (*cover) SetConfig(*entity.Config) {}

// GetStructure implements core.Node.
func (*cover) GetStructure() *node.Node[core.Structure] {
	return node.New(core.Structure{Type: "cover"})
}

// GetHeight implements core.Component.
func (*cover) GetHeight(core.Provider, *entity.Cell) float64 { return firstPage - 22 }

// Render implements core.Component. Its places are the sheet's, so that every
// letter of ours fits the same envelope.
func (c *cover) Render(p core.Provider, _ *entity.Cell) {
	s := &sheet{p: p, view: view{HelpTitle: c.HelpTitle, Help: c.Help, Hours: c.Hours, Phone: c.Phone}}
	s.help(0, 34-paperTop) // places inside this page's margins
	y := windowTop - paperTop
	for _, line := range c.To {
		y += s.text(windowLeft-left, y, right-windowLeft, line, props.Text{})
	}
	s.text(windowLeft-left, 84-paperTop, right-windowLeft, c.Date, props.Text{})
}

// numbered is a letter's file name without its ending.
func numbered(l outbox.Letter) string { return l.ID + "-" + string(l.Kind) }

// count writes a number of things as digits.
func count(n int) string { return strconv.Itoa(n) }
