package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"guichet/e2e/rig"
	"guichet/e2e/visitor"
)

// askLetter fills "I have no letter" rightly but for what is given, and posts it.
func askLetter(t *testing.T, v *visitor.Visitor, ean string) *visitor.Page {
	t.Helper()
	action, form := v.Open(t, v.Path("/letter")).Form(t, `form:has(input[name="ean"])`)
	form.Set("ean", ean)
	form.Set("captcha", v.Answer(form.Get("captcha_id")))
	return v.Post(t, action, form)
}

// handled waits until every request was answered and every letter written.
func handled(t *testing.T, p *rig.Portal) {
	t.Helper()
	require.Eventually(t, func() bool {
		return rig.SQL(t, p.File(), `SELECT (SELECT count(*) FROM letter_requests) + (SELECT count(*) FROM outbox)`) == "0"
	}, longer, slower, "requests are not answered")
}

// held is an access point that somebody occupies today; more narrows it.
const held = `SELECT o.ean FROM occupancies o JOIN meters m ON m.ean = o.ean AND m.to_us = 0 WHERE o.to_us = 0 AND `

// G13: whatever EAN is typed, the answer is the same bytes, and only whoever
// lives there finds a letter in their box: one in thirty days, whose reference
// ends the former at its first use (G2).
func TestNoLetter(t *testing.T) {
	t.Parallel()
	p := rig.Demo(t)
	handled(t, p)
	former := p.Take(t) // its letter is recent: nothing is sent
	stale := p.Take(t)  // its letter is old enough
	rig.SQL(t, p.File(), fmt.Sprintf(`UPDATE issued_references SET issued_us = %d WHERE occupancy_id IN
		(SELECT id FROM occupancies WHERE ean = '%s')`, time.Now().AddDate(0, 0, -31).UnixMicro(), stale.EAN))
	never := rig.SQL(t, p.File(), held+`o.id NOT IN (SELECT occupancy_id FROM issued_references) ORDER BY o.ean LIMIT 1`)
	vacant := rig.SQL(t, p.File(), `SELECT ean FROM access_points WHERE ean NOT IN
		(SELECT ean FROM occupancies WHERE to_us = 0) ORDER BY ean LIMIT 1`)
	require.Len(t, never, 18)
	require.Len(t, vacant, 18, "the town has no vacant point")
	const nobody = "541448000000000011"
	visitor.Public(t, p).MustEnter(t, stale)
	before := len(p.Letters(t))

	eans := map[string]string{"unknown": nobody, "vacant": vacant, "just sent": former.EAN, "an old letter": stale.EAN, "no letter yet": never}
	for _, lang := range languages {
		var first, asked string
		for _, name := range []string{"unknown", "vacant", "just sent", "an old letter", "no letter yet"} {
			v := visitor.Public(t, p)
			v.Lang = lang
			answer := askLetter(t, v, eans[name])
			require.Equal(t, http.StatusSeeOther, answer.Status, "%s: %s", name, answer.Text())
			page := v.Follow(t, answer)
			safe(t, page)
			require.NotContains(t, string(page.Body), eans[name])
			if first == "" {
				first, asked = answer.Fingerprint(), page.Fingerprint()
			}
			require.Equal(t, first, answer.Fingerprint(), name)
			require.Equal(t, asked, page.Fingerprint(), name)
		}
	}
	handled(t, p)
	letters := p.Letters(t)
	require.Len(t, letters, before+2, "twenty requests, two who get a letter")
	for answer, n := range map[string]int{"recently": 10, "sent": 2, "unknown": 4, "vacant": 4} {
		require.Equal(t, strconv.Itoa(n), rig.SQL(t, p.File(), fmt.Sprintf(`SELECT count(*) FROM trail
			WHERE action = 'letter.answered' AND details LIKE '%%answer=%s%%'`, answer)), answer)
	}

	fresh := letterFor(t, p, letters[before:], stale)
	visitor.Public(t, p).MustEnter(t, stale) // not ended before the new one is used
	visitor.Public(t, p).MustEnter(t, fresh)
	closed(t, p, stale)
	visitor.Public(t, p).MustEnter(t, fresh)
	t.Run("D7 the owner of the vacant dwelling", func(t *testing.T) { ownerSees(t, p, vacant) })
	t.Run("what cannot be a request", func(t *testing.T) { noRequest(t, p) })
	t.Run("T16 so many a day", func(t *testing.T) { manyRequests(t, p, nobody) })
	verified(t, p)
}

// letterFor finds the letter that has the digits of a household's meter.
func letterFor(t *testing.T, p *rig.Portal, letters []rig.Reference, r rig.Reference) rig.Reference {
	t.Helper()
	for _, l := range letters {
		if l.Digits == r.Digits {
			return l
		}
	}
	require.FailNow(t, "no letter for this meter")
	return rig.Reference{}
}

func noRequest(t *testing.T, p *rig.Portal) {
	before := rig.SQL(t, p.File(), `SELECT count(*) FROM trail WHERE action = 'letter.asked'`)
	for field, change := range map[string]func(url.Values){
		"ean":     func(f url.Values) { f.Set("ean", "541448000000000014") },
		"captcha": func(f url.Values) { f.Set("captcha", otherDigits(f.Get("captcha"))) },
	} {
		v := visitor.Public(t, p)
		action, form := v.Open(t, v.Path("/letter")).Form(t, `form:has(input[name="ean"])`)
		form.Set("ean", "541448000000000011")
		form.Set("captcha", v.Answer(form.Get("captcha_id")))
		change(form)
		answer := v.Post(t, action, form)
		require.Equal(t, http.StatusUnprocessableEntity, answer.Status)
		require.Equal(t, 1, answer.Find(`#`+field+`[aria-invalid="true"]`).Length(), field)
		require.Equal(t, form.Get("ean"), answer.Find("#ean").AttrOr("value", ""), "what was typed is kept")
	}
	require.Equal(t, before, rig.SQL(t, p.File(), `SELECT count(*) FROM trail WHERE action = 'letter.asked'`))
}

func manyRequests(t *testing.T, p *rig.Portal, ean string) {
	v := visitor.Public(t, p)
	for range 5 {
		require.Equal(t, http.StatusSeeOther, askLetter(t, v, ean).Status)
	}
	answer := askLetter(t, v, ean)
	require.Equal(t, http.StatusTooManyRequests, answer.Status)
	safe(t, answer)
	require.Empty(t, answer.Header.Get("Retry-After"), "it tells when the limit ends")
	require.Equal(t, http.StatusSeeOther, askLetter(t, visitor.Public(t, p), ean).Status, "others are refused, too")
}
