package mandates

import (
	"crypto/sha256"
	"encoding/json"
	"time"

	"guichet/portal"
)

// text is what a mandate says, in one order and one spelling: its SHA-256 is
// printed on the document, bound to the decision and carried by each delivery,
// so that nobody can sign one text and use another.
type text struct {
	Form      string       `json:"form"`
	ID        string       `json:"id"`
	Version   int64        `json:"version"`
	Language  string       `json:"language"`
	Mandatary [2]string    `json:"mandatary"` // name and company number
	Mandator  Mandator     `json:"mandator"`
	Points    []portal.EAN `json:"points"`
	Kinds     []Kind       `json:"kinds"`
	Data      [2]string    `json:"data"`     // first and last day; "" goes on
	Validity  [2]string    `json:"validity"` // first and last day
	Purpose   string       `json:"purpose"`
	Once      bool         `json:"once"`
}

// Bind gives the canonical text of a mandate for a mandatary, and its hash.
func (m Mandate) Bind(mandatary, companyNumber string) (canonical, hash []byte) {
	t := text{
		Form: "guichet-mandate 1", ID: m.ID, Version: m.Version, Language: string(m.Language),
		Mandatary: [2]string{mandatary, companyNumber}, Mandator: m.Mandator, Kinds: m.Scope.Kinds,
		Data: days(m.Scope.Data), Validity: days(m.Scope.Validity), Purpose: m.Scope.Purpose, Once: m.Scope.Once,
	}
	for _, l := range m.Lines {
		t.Points = append(t.Points, l.EAN)
	}
	canonical, err := json.Marshal(t)
	if err != nil {
		panic("mandates: the text is of plain types: " + err.Error())
	}
	sum := sha256.Sum256(canonical)
	return canonical, sum[:]
}

// days writes a period by its first and its last day.
func days(p portal.Period) (both [2]string) {
	if !p.From.IsZero() {
		both[0] = p.From.In(portal.Brussels).Format(time.DateOnly)
	}
	if !p.To.IsZero() {
		both[1] = p.To.In(portal.Brussels).AddDate(0, 0, -1).Format(time.DateOnly)
	}
	return both
}
