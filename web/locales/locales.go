// Package locales holds every word people read, a folder per language and a
// file per area: public and letter in four languages, desk in French and
// German (D18). It decides nothing; web/i18n reads it.
package locales

import "embed"

// Files holds {lang}/{area}.json, each one flat object of key -> text.
//
//go:embed fr/*.json de/*.json nl/*.json en/*.json
var Files embed.FS
