package visitor

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// T6: the comparison forgives what must differ and nothing else.
func TestFingerprint(t *testing.T) {
	page := func(change ...string) *Page {
		body := `<form><input type="hidden" name="captcha_id" value="a1"><input type="hidden" name="form" value="b1">` +
			`<input id="reference" name="reference" type="text" value="12"><img src="/captcha/a1.png"></form><p>refused</p>`
		return &Page{Status: 422, Body: []byte(strings.NewReplacer(change...).Replace(body)), Header: http.Header{
			"Date": {change[0]}, "Set-Cookie": {"guichet-visit=" + change[0] + "; Path=/"},
		}}
	}
	same := page("none", "none").Fingerprint()
	require.Equal(t, same, page("a1", "a2", "b1", "b2").Fingerprint())
	require.Equal(t, same, page(`value="12"`, `value="98765"`).Fingerprint())
	require.NotEqual(t, same, page("refused", "refused ").Fingerprint())
	require.NotEqual(t, same, page("<p>", "<p class=x>").Fingerprint())
	other := page("none", "none")
	other.Header.Set("Retry-After", "1")
	require.NotEqual(t, same, other.Fingerprint())
	other = page("none", "none")
	other.Header.Add("Set-Cookie", "b=1")
	require.NotEqual(t, same, other.Fingerprint())
}
