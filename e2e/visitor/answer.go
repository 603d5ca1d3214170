package visitor

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// What differs from answer to answer without telling anything: the captchas'
// ids, the form's token and proof of work, a nonce; and what the visitor typed, which comes back.
var (
	hidden = regexp.MustCompile(`(<input type="hidden" name="(?:captcha2?_id|form)" value=")[^"]*(")`)
	puzzle = regexp.MustCompile(`(data-challenge=")[^"]*(")`)
	image  = regexp.MustCompile(`(/captcha/)[^"./?]+`)
	nonce  = regexp.MustCompile(`(nonce[=-]["']?)[\w+/=-]+`)
	typed  = regexp.MustCompile(`(<input[^>]* name="reference"[^>]* value=")[^"]*(")`)
	value  = regexp.MustCompile(`^([^=]+=)[^;]*`)
)

// Fingerprint is an answer as threats.md compares answers: status, headers and
// body, less nonce, captcha id, form token, Date and cookie values. The
// reference that was typed stands in the body by rule (G5) and is left out,
// too.
func (p *Page) Fingerprint() string {
	var b strings.Builder
	fmt.Fprintln(&b, p.Status)
	var names []string
	for name := range p.Header {
		if name != "Date" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		for _, v := range p.Header[name] {
			if name == "Set-Cookie" {
				v = value.ReplaceAllString(v, "${1}…")
			}
			fmt.Fprintf(&b, "%s: %s\n", name, nonce.ReplaceAllString(v, "${1}…"))
		}
	}
	body := string(p.Body)
	for _, cut := range []*regexp.Regexp{hidden, puzzle, typed} {
		body = cut.ReplaceAllString(body, "${1}…${2}")
	}
	for _, cut := range []*regexp.Regexp{image, nonce} {
		body = cut.ReplaceAllString(body, "${1}…")
	}
	b.WriteString(body)
	return b.String()
}
