package letter

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"path"
	"strings"

	"guichet/portal"
	"guichet/portal/outbox"
	"guichet/web/i18n"
	"guichet/web/static"
)

// Paper is a letter of words and perhaps a table, over as many pages as it
// takes: a consumption history that somebody keeps or that is sent by post,
// what was chosen, what was answered.
type Paper struct {
	Language   portal.Language
	To         []string // as an envelope's window shows it; nobody, where it is not sent
	Made       string   // when
	Title      string   // "Ma consommation d’électricité"
	Paragraphs []string
	Caption    string // of the table, with its period
	Columns    []Column
	Rows       [][]string // the first cell heads the row
	Empty      string     // instead of a table without rows
	After      []string   // below the table
	Notes      []string
	Code       string // what a QR code holds; "" for none, as on what is sent
	CodeText   string // what it is, in words
	Back       Back   // where the page leads back to; no Href in a file
}

// Column is one column of the table; figures stand at its right.
type Column struct {
	Text    string
	Numeric bool
}

// Back is a link beside the letter, not in print.
type Back struct{ Text, Href string }

// newPaper begins a letter that is sent by post.
func newPaper(c *i18n.Catalog, l outbox.Letter) Paper {
	return Paper{Language: l.Language, To: window(l.To), Made: c.Date(l.QueuedAt)}
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

// paperView is a paper with what every letter prints.
type paperView struct {
	letterhead
	Paper
	NotesTitle, Region string
	Page               func(n, of int) string
	Stylesheet         string // its address; none in a file, which carries Style
	Style              template.CSS
	Squares            codeDrawing
}

func (p Paper) view(house House) paperView {
	c := i18n.For(p.Language)
	return paperView{letterhead: house.head(c, p.Language), Paper: p, NotesTitle: c.T("consumption.notes"), Region: c.T("table.region"),
		Page: func(n, of int) string { return c.T("history.page", fmt.Sprint(n), fmt.Sprint(of)) },
	}
}

//go:embed paper.html
var paperText string

var paperPage = template.Must(template.New("paper").Funcs(template.FuncMap{"linked": linked}).Parse(paperText))

// linked makes a link of the address that a paragraph ends with.
func linked(paragraph string) template.HTML {
	at := strings.LastIndex(paragraph, " https://")
	if at < 0 || strings.ContainsAny(paragraph[at+1:], " \u00a0") || strings.HasSuffix(paragraph, ".") {
		return template.HTML(template.HTMLEscapeString(paragraph))
	}
	address := template.HTMLEscapeString(paragraph[at+1:])
	return template.HTML(template.HTMLEscapeString(paragraph[:at+1]) + `<a href="` + address + `">` + address + `</a>`)
}

// Page writes the letter as a page of the portal, with the style sheet that
// the portal serves: the accessible twin of PDF (D18).
func (p Paper) Page(house House) ([]byte, error) {
	v := p.view(house)
	v.Stylesheet = static.Path("letter.css")
	return v.html()
}

// post writes the letter's two files: PDF and its twin, which needs no other file.
func (p Paper) post(house House) (pdf, html []byte, err error) {
	if pdf, err = p.PDF(house); err != nil {
		return nil, nil, err
	}
	html, err = p.alone(house)
	return pdf, html, err
}

// alone writes the letter as a page that needs no other file.
func (p Paper) alone(house House) ([]byte, error) {
	v := p.view(house)
	css, _ := static.Get(path.Base(static.Path("letter.css"))) // Path answers for it
	v.Style = template.CSS(css.Data)
	return v.html()
}

func (v paperView) html() ([]byte, error) {
	if v.Code != "" {
		var err error
		if v.Squares, err = drawCode(v.Code); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	if err := paperPage.Execute(&b, v); err != nil {
		return nil, fmt.Errorf("letter's page: %w", err)
	}
	return b.Bytes(), nil
}
