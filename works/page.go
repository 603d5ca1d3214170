package works

import (
	"slices"
	"strings"
)

// public are the requesters that anybody may be without signing in: a supplier
// has a session, a service of the operator has the desk (W2, W3).
var public = []RequesterKind{Person, Company, ThirdParty, PublicBody}

// Askers lists who may ask for a kind without signing in; none where it is no
// kind for the public. Nobody learns from a form which kinds there are beside
// those it offers (D12).
func (f Facts) Askers() (all []RequesterKind) {
	for _, who := range public {
		if slices.Contains(f.Ask, who) {
			all = append(all, who)
		}
	}
	return all
}

// PublicKinds lists the kinds with Askers, in the order of the choice.
func PublicKinds() (all []Kind) {
	for _, f := range kinds {
		if len(f.Askers()) > 0 {
			all = append(all, f.Kind)
		}
	}
	return all
}

// Needs lists the papers without which a kind is not passed on (W5). Somebody
// who asks for another needs a mandate for works (Wd2).
func (f Facts) Needs(as RequesterKind) []Document {
	if as != ThirdParty {
		return f.Papers
	}
	return append(slices.Clone(f.Papers), WorksPaper)
}

// Takes lists the papers that a capture offers to add: those needed, then what
// may help.
func (f Facts) Takes(as RequesterKind) []Document {
	all := slices.Clone(f.Needs(as))
	for _, d := range []Document{SitePlan, GroundPlan, Permit, Photo, Other} {
		if !slices.Contains(all, d) {
			all = append(all, d)
		}
	}
	return all
}

// contactFields stand on StageYou, and vatFields on StageBill where the 6 % can apply.
var (
	contactFields = []string{"requester", "name", "mail", "telephone", "language", "channel"}
	siteFields    = []string{"street", "postcode", "town"}
	billFields    = []string{"billing_name", "billing_street", "billing_postcode", "billing_town"}
	vatFields     = []string{"first_occupied", "dwelling", "end_user"}
)

// Page lists the fields on one page of a kind's capture, in order. There is no
// other field: what a form sends beside them is refused (W13).
func (f Facts) Page(stage Stage, as RequesterKind) (names []string) {
	technical := func() {
		for _, field := range f.Fields() {
			if StageOf(string(field)) == stage {
				names = append(names, string(field))
			}
		}
	}
	switch stage {
	case StageKind:
		return []string{"kind", "energy"}
	case StageYou:
		return contactFields
	case StageSite:
		names = slices.Clone(siteFields)
		technical()
	case StageWorks:
		technical()
	case StageBill:
		names = slices.Clone(billFields)
		if as != Person {
			names = append(names, "company_number")
		}
		if f.ReducedVAT {
			names = append(names, vatFields...)
		}
	}
	return names
}

// Typed is what somebody typed into the pages so far, by field. It keeps what
// another kind would have no place for: whoever goes back finds it again.
type Typed map[string]string

// Requester is who asks, as typed.
func (t Typed) Requester() RequesterKind { return RequesterKind(t["requester"]) }

// Facts is what the kind typed is; the zero Facts where it is none for the public.
func (t Typed) Facts() Facts {
	f := Kind(t["kind"]).Facts()
	if len(f.Askers()) == 0 {
		return Facts{}
	}
	return f
}

// Draft is what was typed into the pages of its kind, and nothing else.
func (t Typed) Draft() Draft {
	f, as := t.Facts(), t.Requester()
	kept := Typed{}
	for _, stage := range Stages {
		for _, name := range f.Page(stage, as) {
			kept[name] = t[name]
		}
	}
	if !slices.Contains(f.Askers(), as) {
		kept["requester"] = ""
	}
	if len(f.Energies) == 1 && kept["energy"] == "" {
		kept["energy"] = string(f.Energies[0])
	}
	d := Draft{Kind: string(f.Kind), Energy: kept["energy"], Requester: kept["requester"], Name: kept["name"], Mail: kept["mail"],
		Telephone: kept["telephone"], Language: kept["language"], Channel: kept["channel"],
		BillingName: kept["billing_name"], BillingStreet: kept["billing_street"], BillingPostcode: kept["billing_postcode"], BillingTown: kept["billing_town"],
		CompanyNumber: kept["company_number"], Street: kept["street"], Postcode: kept["postcode"], Town: kept["town"],
		FirstOccupied: kept["first_occupied"], Dwelling: kept["dwelling"] != "", EndUser: kept["end_user"] != "", Values: map[string]string{}}
	for _, field := range f.Fields() {
		if v := strings.TrimSpace(kept[string(field)]); v != "" {
			d.Values[string(field)] = v
		}
	}
	return d
}

// Size is how many bytes were typed.
func (t Typed) Size() (n int) {
	for _, v := range t {
		n += len(v)
	}
	return n
}

// Beside is the page before (-1) or after (1) another, of those that have
// something to ask; the first and the last stay where they are.
func Beside(t Typed, stage Stage, way int) Stage {
	own := Pages(t)
	at := slices.Index(own, stage) + way
	return own[min(max(at, 0), len(own)-1)]
}

// Pages lists the pages of a capture: all of them, but for the works' own where
// a kind has nothing more to ask.
func Pages(t Typed) []Stage {
	return slices.DeleteFunc(slices.Clone(Stages), func(s Stage) bool {
		return s == StageWorks && t.Facts().Kind != "" && len(t.Facts().Page(s, t.Requester())) == 0
	})
}
