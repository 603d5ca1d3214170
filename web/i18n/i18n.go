// Package i18n decides how the portal speaks: which text a key has in a
// language, which plural a number takes, and how dates, times and quantities
// are written, always in Brussels time (D4, D18).
package i18n

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strconv"
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
	text, ok := c.texts[key]
	if !ok {
		text = c.missing(key)
	}
	return fill(text, args)
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

func fill(text string, args []any) string {
	if len(args) == 0 {
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + 32*len(args))
	for {
		before, rest, open := strings.Cut(text, "{")
		b.WriteString(before)
		if !open {
			return b.String()
		}
		number, after, closed := strings.Cut(rest, "}")
		n, err := strconv.Atoi(number)
		if !closed || err != nil || n < 0 || n >= len(args) || strconv.Itoa(n) != number {
			b.WriteByte('{') // not one of ours: it stands for itself
			text = rest
			continue
		}
		if s, ok := args[n].(string); ok {
			b.WriteString(s)
		} else {
			fmt.Fprint(&b, args[n])
		}
		text = after
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
