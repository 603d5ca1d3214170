package letter

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"

	"guichet/portal"
	"guichet/web/i18n"
	"guichet/web/static"
)

// History is a consumption history in words: what the page shows of the same
// selection, to be printed or read as a letter.
type History struct {
	Language portal.Language
	Title    string // "Ma consommation d’électricité"
	Lead     string // whose time it covers
	Point    string // the masked EAN in words (G12)
	Made     string // when
	Caption  string // of the table, with its period
	Columns  []HistoryColumn
	Rows     [][]string // the first cell heads the row
	Empty    string     // instead of a table without rows
	Notes    []string
	Back     Back // where the page leads back to; no Href in a file
}

// HistoryColumn is one column; figures stand at its right.
type HistoryColumn struct {
	Text    string
	Numeric bool
}

// Back is a link beside the letter, not in print.
type Back struct{ Text, Href string }

// sheetView is a history with what every letter prints.
type sheetView struct {
	History
	Lang                   string
	Operator, Confidential string
	HelpTitle, Help, Hours string
	Phone, Contact         string
	NotesTitle, Region     string
	Page                   func(n, of int) string
	Stylesheet             string // its address
}

func (h History) view(house House) sheetView {
	c := i18n.For(h.Language)
	return sheetView{History: h, Lang: string(h.Language), Operator: house.Operator, Confidential: c.T("letter.confidential"),
		HelpTitle: c.T("letter.help.title"), Help: c.T("letter.help.text"), Hours: c.T("letter.help.hours"), Phone: house.CallCentre,
		Contact: c.T("letter.contact", house.Contact), NotesTitle: c.T("consumption.notes"), Region: c.T("table.region"),
		Page: func(n, of int) string { return c.T("history.page", fmt.Sprint(n), fmt.Sprint(of)) },
	}
}

//go:embed history.html
var historyText string

var historyPage = template.Must(template.New("history").Parse(historyText))

// Page writes the letter as a page of the portal, with the style sheet that
// the portal serves: the accessible twin of PDF (D18).
func (h History) Page(house House) ([]byte, error) {
	v := h.view(house)
	v.Stylesheet = static.Path("letter.css")
	var b bytes.Buffer
	if err := historyPage.Execute(&b, v); err != nil {
		return nil, fmt.Errorf("history's page: %w", err)
	}
	return b.Bytes(), nil
}
