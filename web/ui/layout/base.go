// Package layout is the frame around every page: language, title, skip link,
// header, footer with the call centre. Pages come as children and bring a
// view whose first field is the Base.
package layout

import (
	"guichet/portal"
	"guichet/web/i18n"
	"guichet/web/static"

	"github.com/a-h/templ"
)

// Contact is whom people reach.
type Contact struct {
	Operator string // name of the operator
	Phone    string // call centre
	Privacy  string // mail address of the contact point for data protection
	Security string // mailto: or https: for vulnerabilities
}

// Link is a word and where it leads; Current marks the page one is on.
type Link struct {
	Text, Href, Lang string
	Current          bool
}

// Base is what every page's view begins with. Its catalog gives T, N, Date,
// Month, Time and Number.
type Base struct {
	*i18n.Catalog
	Contact   Contact
	Title     string          // of the page; the product's name follows it
	Error     bool            // the page reports an error, its title says so (WCAG 2.4.2)
	Home      string          // where the mark leads
	Languages []Link          // the same page in the other languages
	Footer    []Link          // empty on the desk, which needs no call centre: it is one
	Header    templ.Component // more for the header (who is signed in), or nil
}

// PageTitle is the text of the title element.
func (b Base) PageTitle() string {
	title := b.Title + " – " + b.T("site.name")
	if b.Error {
		title = b.T("site.error-prefix", title)
	}
	return title
}

// Asset gives an asset's address.
func (Base) Asset(name string) string { return static.Path(name) }

// LanguageName is a language in its own words, as the language bar has it.
func LanguageName(l portal.Language) string {
	return map[portal.Language]string{portal.French: "Français", portal.German: "Deutsch", portal.Dutch: "Nederlands", portal.English: "English"}[l]
}
