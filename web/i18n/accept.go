package i18n

import (
	"guichet/portal"

	"golang.org/x/text/language"
)

// Accept picks the language of an Accept-Language header among those offered,
// the first of them where none fits.
func Accept(header string, offered []portal.Language) portal.Language {
	tags := make([]language.Tag, len(offered))
	for i, l := range offered {
		tags[i] = language.MustParse(string(l))
	}
	wanted, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(header) > 512 {
		return offered[0]
	}
	_, index, confidence := language.NewMatcher(tags).Match(wanted...)
	if confidence == language.No {
		return offered[0]
	}
	return offered[index]
}
