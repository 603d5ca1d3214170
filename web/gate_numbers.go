package web

import "guichet/lookup"

// numbers is a kind of number that the gate opens, as its page asks for it.
type numbers struct {
	kind           lookup.Kind
	path           string // of the page, behind the language
	number, secret string // the names of its fields
	width          string // of the secret's
	home           string // where the page's name leads, behind the language; "": home
	words          gateWords
}

// gateWords are the texts that differ between the kinds.
type gateWords struct {
	title, lead, more, work, submit              string
	number, numberHint, secret, secretHint, none string
	refused, closed                              string // the one failure (G5)
	onward                                       string // what helps where strangers are not heard (G7)
}

// references are those of letters, with the meter's last four digits.
var references = numbers{kind: lookup.ByReference, path: "/lookup", number: "reference", secret: "digits", width: "w4", words: gateWords{
	title: "gate.title", lead: "gate.lead", more: "gate.lead.more", work: "gate.lead.work", submit: "gate.submit",
	number: "gate.reference", numberHint: "gate.reference.hint", secret: "gate.digits", secretHint: "gate.digits.hint", none: "gate.none",
	refused: "gate.refused.what", closed: "gate.refused.closed", onward: "gate.uncounted.code",
}}

// worksNumbers are those of requests for works, with the code of their receipt (D10).
var worksNumbers = numbers{kind: lookup.ByWorks, path: "/works/lookup", number: "number", secret: "code", width: "w6", words: gateWords{
	title: "works.gate.title", lead: "works.gate.lead", more: "works.gate.lead.more", work: "works.gate.lead.work", submit: "works.gate.submit",
	number: "works.gate.number", numberHint: "works.gate.number.hint", secret: "works.gate.code", secretHint: "works.gate.code.hint", none: "works.gate.none",
	refused: "works.gate.refused.what", closed: "works.gate.refused.closed", onward: "works.gate.onward",
}}

// lettered tells whether a letter's code helps where strangers are not heard;
// a works number has none (G7).
func (n numbers) lettered() bool { return n.kind == lookup.ByReference }

// inside is where an opened number leads.
func (n numbers) inside(v lookup.Visit) string {
	if n.kind == lookup.ByWorks {
		return requestPage(v.OccupancyID)
	}
	return "/consumption"
}
