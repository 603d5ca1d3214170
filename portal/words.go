package portal

// Energy is what an access point carries. A new energy needs: registry's
// import words, metering's units, web/locales, the charts' captions.
type Energy string

// The energies distributed.
const (
	Electricity Energy = "electricity"
	Gas         Energy = "gas"
)

// Valid tells whether e is one of the two energies.
func (e Energy) Valid() bool { return e == Electricity || e == Gas }

// Language is a property of the person, chosen at first contact (D.2). A new
// language needs: web/locales/{code}.json, web/letter's texts, the import's
// list, and the test that counts them.
type Language string

// The four languages of public pages, letters and mails; the desk has the
// first two (D18).
const (
	French  Language = "fr"
	German  Language = "de"
	Dutch   Language = "nl"
	English Language = "en"
)

// Languages lists the public languages, the default first.
var Languages = []Language{French, German, Dutch, English}

// DeskLanguages lists the languages of staff pages.
var DeskLanguages = []Language{French, German}

// ParseLanguage returns the language of a two-letter code.
func ParseLanguage(s string) (Language, bool) {
	for _, l := range Languages {
		if string(l) == s {
			return l, true
		}
	}
	return "", false
}

// ActorKind says in which capacity somebody acts; the trail tells it (L18, L19).
type ActorKind string

// The capacities. A new one needs: audit's canonical bytes (nothing to do),
// web/locales "actor.*".
const (
	Visitor   ActorKind = "visitor"   // somebody at the gate, not yet let in
	Household ActorKind = "household" // somebody whose reference opened
	Partner   ActorKind = "partner"   // somebody of a third party (ID is the login) or its program ("key:"+id)
	Staff     ActorKind = "staff"     // a named colleague, ID is the login
	System    ActorKind = "system"    // a command or a job, ID is its name
)

// Actor is who did something. ID is empty for visitors and households: their
// identity is personal and stays in an entry's erasable part.
type Actor struct {
	Kind ActorKind
	ID   string
}
