// Package i18n decides how the portal speaks: which text a key has in a
// language, which plural a number takes, and how dates, times and quantities
// are written, always in Brussels time (D4, D18).
package i18n

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"testing"

	"guichet/portal"
	"guichet/web/locales"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// Catalog speaks one language. It is immutable and safe for concurrent use.
type Catalog struct {
	Lang  portal.Language
	tag   language.Tag
	texts map[string]string
	way   writing
}

var catalogs = load()

// For gives the catalog of a language, French for one that is not ours.
func For(lang portal.Language) *Catalog {
	if c, ok := catalogs[lang]; ok {
		return c
	}
	return catalogs[portal.French]
}

// T gives the text of a key with {0}, {1}... replaced by args. Numbers among
// the args are written as they are: format them first.
func (c *Catalog) T(key string, args ...any) string {
	if len(args) == 0 {
		return c.text(key)
	}
	var words [10]string
	for i, arg := range args {
		if s, ok := arg.(string); ok {
			words[i] = s
		} else {
			words[i] = fmt.Sprint(arg)
		}
	}
	var room [256]byte
	return string(fill(room[:0], c.text(key), words[:len(args)]))
}

// Say appends to b what T would give: for a page that says hundreds of things.
func (c *Catalog) Say(b []byte, key string, args ...string) []byte {
	return fill(b, c.text(key), args)
}

func (c *Catalog) text(key string) string {
	if text, ok := c.texts[key]; ok {
		return text
	}
	return c.missing(key)
}

// Has tells whether a key has a text here.
func (c *Catalog) Has(key string) bool { _, ok := c.texts[key]; return ok }

// N gives the text of key+".one" or key+".other", as the language's plural
// rule wants for n; {0} is n, the args follow from {1} on.
func (c *Catalog) N(key string, n int, args ...any) string {
	form := ".other"
	if plural.Cardinal.MatchPlural(c.tag, n, 0, 0, 0, 0) == plural.One {
		form = ".one"
	}
	return c.T(key+form, append([]any{c.Number(int64(n)*1000, 0)}, args...)...)
}

// missing stops a test and serves a person the French text, which always
// exists for what pages use.
func (c *Catalog) missing(key string) string {
	if testing.Testing() {
		panic(fmt.Sprintf("i18n: %s has no text %q", c.Lang, key))
	}
	if text, ok := catalogs[portal.French].texts[key]; ok {
		return text
	}
	return key
}

// fill appends a text with {0} to {9} replaced; what else is between braces
// stands for itself.
func fill(b []byte, text string, args []string) []byte {
	for {
		before, rest, open := strings.Cut(text, "{")
		b = append(b, before...)
		if !open {
			return b
		}
		if len(rest) > 1 && rest[1] == '}' && rest[0] >= '0' && int(rest[0]-'0') < len(args) {
			b, text = append(b, args[rest[0]-'0']...), rest[2:]
		} else {
			b, text = append(b, '{'), rest
		}
	}
}

func load() map[portal.Language]*Catalog {
	all := map[portal.Language]*Catalog{}
	for _, lang := range portal.Languages {
		c := &Catalog{Lang: lang, tag: language.MustParse(string(lang)), texts: map[string]string{}, way: writings[lang]}
		files, err := fs.Glob(locales.Files, string(lang)+"/*.json")
		if err != nil {
			panic("i18n: " + err.Error())
		}
		for _, name := range files {
			data, err := locales.Files.ReadFile(name)
			if err != nil {
				panic("i18n: " + err.Error())
			}
			var texts map[string]string
			if err := json.Unmarshal(data, &texts); err != nil {
				panic("i18n: " + name + ": " + err.Error())
			}
			for key, text := range texts {
				if _, twice := c.texts[key]; twice {
					panic("i18n: " + path.Join(name, key) + " stands in two files")
				}
				c.texts[key] = typeset(lang, text)
			}
		}
		all[lang] = c
	}
	return all
}
