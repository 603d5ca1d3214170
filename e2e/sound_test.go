package e2e

import (
	"encoding/binary"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"guichet/e2e/rig"
	"guichet/e2e/visitor"
)

// D18: six spoken digits in each language, a wave file that any browser plays;
// the same bytes for the same challenge, so that nobody averages the noise
// away, and others for another.
func TestSound(t *testing.T) {
	t.Parallel()
	p := rig.Demo(t)
	heard := map[string]string{} // bytes -> whose
	for _, lang := range languages {
		for range 2 {
			v := visitor.Public(t, p)
			v.Lang = lang
			page := v.Open(t, v.Path("/lookup?with=sound"))
			where := page.Find(visitor.GateForm+" audio").AttrOr("src", "")
			require.NotEmpty(t, where)
			require.Zero(t, page.Find("[autoplay]").Length(), "it plays by itself")
			require.Equal(t, "none", page.Find("audio").AttrOr("preload", ""))
			sound := v.Open(t, where)
			safe(t, sound)
			require.Equal(t, "audio/wav", sound.Header.Get("Content-Type"))
			seconds := length(t, sound.Body)
			require.Greater(t, seconds, 3.0, "%s: six digits take longer", lang)
			require.Less(t, seconds, 30.0, lang)
			require.Equal(t, sound.Body, v.Open(t, where).Body, "asked again it is another")
			require.Equal(t, sound.Body, visitor.Public(t, p).Open(t, where).Body, "somebody else hears another")
			require.NotContains(t, heard, string(sound.Body), "two challenges, one sound")
			heard[string(sound.Body)] = lang

			_, form := page.Form(t, visitor.GateForm)
			r := p.Take(t)
			form.Set("reference", r.Reference)
			form.Set("digits", r.Digits)
			form.Set("captcha", v.Answer(form.Get("captcha_id")))
			require.True(t, v.Post(t, v.Path("/lookup"), form).Opened(), "the digits that are spoken do not open")
			require.Equal(t, http.StatusNotFound, v.Get(t, where).Status, "the sound outlived its use")
		}
	}
	v := visitor.Public(t, p)
	_, form := v.Open(t, "/fr/lookup").Form(t, visitor.GateForm)
	id := "/captcha/" + form.Get("captcha_id") + ".wav"
	other := v.Open(t, id+"?lang=de").Body
	require.NotEqual(t, other, v.Open(t, id+"?lang=nl").Body)
	for _, wrong := range []string{id, id + "?lang=", id + "?lang=ja", id + "?lang=../fr", "/captcha/nosuchcaptcha.wav?lang=fr"} {
		require.Equal(t, http.StatusNotFound, v.Get(t, wrong).Status, wrong)
	}
}

// length reads a wave file's head as the format has it and gives its seconds.
func length(t *testing.T, wav []byte) float64 {
	t.Helper()
	require.Greater(t, len(wav), 44)
	require.Equal(t, "RIFF", string(wav[:4]))
	require.EqualValues(t, len(wav)-8, binary.LittleEndian.Uint32(wav[4:]))
	require.Equal(t, "WAVEfmt ", string(wav[8:16]))
	require.EqualValues(t, 1, binary.LittleEndian.Uint16(wav[20:]), "PCM")
	require.EqualValues(t, 1, binary.LittleEndian.Uint16(wav[22:]), "one channel")
	perSecond := binary.LittleEndian.Uint32(wav[28:])
	require.Equal(t, "data", string(wav[36:40]))
	size := binary.LittleEndian.Uint32(wav[40:])
	require.EqualValues(t, len(wav)-44, size)
	require.NotZero(t, perSecond)
	return float64(size) / float64(perSecond)
}
