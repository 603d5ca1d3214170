package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"guichet/e2e/rig"
	"guichet/e2e/visitor"
)

// officers are the demo's two members of staff who may turn switches.
func officers(t *testing.T, p *rig.Portal) (first, second rig.Colleague) {
	t.Helper()
	var all []rig.Colleague
	for _, c := range p.Staff {
		if c.Role == "security" {
			all = append(all, c)
		}
	}
	require.Len(t, all, 2)
	return all[0], all[1]
}

// turn gives the command and types what an officer types for it; at is the
// time of their one-time code.
func turn(t *testing.T, p *rig.Portal, by rig.Colleague, at time.Time, words ...string) rig.Result {
	t.Helper()
	waitedOut(t, p, by.Login)
	code, err := totp.GenerateCode(by.OTPSecret, at)
	require.NoError(t, err)
	return rig.RunTyping(t, by.Password+"\n"+code+"\n", p.Dir, p.Settings,
		append([]string{"switch", "--by", by.Login, "--reason", "somebody sweeps the gate"}, words...)...)
}

// turned waits out the moment for which the running program may remember how
// its gate stood: a second at most.
func turned(t *testing.T, p *rig.Portal, open bool) {
	t.Helper()
	require.Eventually(t, func() bool {
		return (visitor.Public(t, p).Get(t, "/fr/lookup").Status == http.StatusOK) == open
	}, time.Second, tick, "the running program does not obey")
}

// notices are what the closed gate says, one in each language.
var notices = map[string]string{
	"fr": "La consultation en ligne est fermée pour le moment",
	"de": "Die Abfrage im Internet ist zurzeit geschlossen",
	"nl": "Online raadplegen is momenteel gesloten",
	"en": "Online consultation is closed for the moment",
}

// mustBeShut: everything behind the gate shows the notice, in the visitor's
// language, and the first page says so; what protects visitors stays reachable.
func mustBeShut(t *testing.T, p *rig.Portal) {
	t.Helper()
	for _, lang := range languages {
		v := visitor.Public(t, p)
		v.Lang = lang
		for _, path := range append([]string{"/lookup", "/letter", "/letter/asked"}, behind...) {
			page := v.Get(t, v.Path(path))
			require.Equal(t, http.StatusServiceUnavailable, page.Status, path)
			safe(t, page)
			require.Equal(t, notices[lang], page.Find("h1").Text(), path)
			require.Equal(t, lang, page.Find("html").AttrOr("lang", ""))
			require.Contains(t, page.Text(), "078", "nobody is named who can be called")
			require.NotEmpty(t, page.Header.Get("Retry-After"))
			require.Zero(t, page.Find("main form, main table, main input").Length(), path)
		}
		for _, path := range []string{"/lookup", "/letter", "/visit/extend"} {
			require.Equal(t, http.StatusServiceUnavailable, v.Post(t, v.Path(path), nil).Status, path)
		}
		require.Contains(t, v.Open(t, v.Path("/")).Find("main .note").Text(), notices[lang])
		for _, path := range []string{"/privacy", "/accessibility", "/left"} {
			v.Open(t, v.Path(path))
		}
		v.Open(t, "/.well-known/security.txt")
	}
	require.Zero(t, p.Metric(t, `guichet_door_open{door="gate"}`))
}

func mustBeOpen(t *testing.T, p *rig.Portal) {
	t.Helper()
	v := visitor.Public(t, p)
	require.Zero(t, v.Open(t, "/fr/").Find("main .note.stop").Length())
	v.MustEnter(t, p.Take(t))
	require.EqualValues(t, 1, p.Metric(t, `guichet_door_open{door="gate"}`))
}

// G11: one command closes the gate in the running program and ends the visits
// behind it; two officers open it again. No restart, and a restart opens nothing.
func TestKillSwitch(t *testing.T) {
	p := rig.Demo(t)
	first, second := officers(t, p)
	mustBeOpen(t, p)
	inside, late := visitor.Public(t, p), visitor.Public(t, p)
	inside.MustEnter(t, p.Take(t))
	r := p.Take(t)
	form := late.Fill(t, r.Reference, r.Digits)
	picture := "/captcha/" + form.Get("captcha_id") + ".png"
	late.Open(t, picture)

	for name, c := range map[string]struct {
		by     string
		reason string
	}{"an agent": {p.Colleague(t, "agent").Login, "x"}, "nobody": {"nobody", "x"}, "no reason": {first.Login, " "}} {
		answer := rig.Run(t, p.Dir, p.Settings, "switch", "gate", "closed", "--by", c.by, "--reason", c.reason)
		require.Equal(t, 1, answer.Status, "%s: %s", name, answer.Out)
		require.NotContains(t, answer.Err, "goroutine ")
	}
	require.Equal(t, 2, rig.Run(t, p.Dir, p.Settings, "switch", "gate", "ajar", "--by", first.Login, "--reason", "x").Status)
	inside.Open(t, "/fr/consumption")

	closing := turn(t, p, first, time.Now(), "gate", "closed")
	require.Zero(t, closing.Status, closing.Err)
	require.Contains(t, closing.Out, "closed by "+first.Login)
	turned(t, p, false)
	page := inside.Get(t, "/fr/consumption")
	require.Equal(t, http.StatusServiceUnavailable, page.Status)
	require.Equal(t, notices["fr"], page.Find("h1").Text())
	before := tries(t, p)
	require.Equal(t, http.StatusServiceUnavailable, late.Post(t, "/fr/lookup", form).Status, "a form drawn before opens a shut gate")
	require.Equal(t, http.StatusServiceUnavailable, late.Get(t, picture).Status)
	require.Equal(t, before, tries(t, p), "a shut gate counted")
	mustBeShut(t, p)
	require.EqualValues(t, 1, p.Metric(t, `guichet_door_open{door="works"}`), "one door is not all")

	t.Run("two officers open", func(t *testing.T) {
		wrongly := first
		wrongly.Password += "x"
		require.Equal(t, 1, turn(t, p, wrongly, time.Now(), "gate", "open").Status, "opened without the password")
		asked := turn(t, p, first, time.Now(), "gate", "open")
		require.Zero(t, asked.Status, asked.Err)
		require.Contains(t, asked.Out, first.Login+" asked")
		mustBeShut(t, p)
		alone := turn(t, p, first, time.Now().Add(30*time.Second), "gate", "open") // a code works once
		refused(t, alone, 1, "asked for already")
		agent := turn(t, p, p.Colleague(t, "agent"), time.Now(), "gate", "open")
		refused(t, agent, 1, "only a security officer")
		mustBeShut(t, p)
		p.Kill()
		p.Restart(t)
		mustBeShut(t, p)
		confirmed := turn(t, p, second, time.Now(), "gate", "open")
		require.Zero(t, confirmed.Status, confirmed.Err)
		turned(t, p, true)
		mustBeOpen(t, p)
	})
	mustBeOut(t, inside)
	require.Equal(t, "door.closed,door.asked,door.opened", rig.SQL(t, p.File(),
		`SELECT group_concat(action) FROM (SELECT action FROM trail WHERE action LIKE 'door.%' ORDER BY id)`))
	verified(t, p)
}
