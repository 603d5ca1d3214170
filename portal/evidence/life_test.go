package evidence_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	_ "image/jpeg"
	_ "image/png"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/evidence"
	. "guichet/portal/evidence/evidencetest"
	"guichet/portal/store/storetest"

	"github.com/stretchr/testify/require"
)

// The life of a file on each database, with a scanner on a real socket: clean,
// infected, the scanner down or talking nonsense, asked again; and without one:
// an officer. Each step has its line in the trail (D16, T25).
func TestLife(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			h := open(t, b)
			clamd := NewClamd(t)
			h.Scanner = &evidence.Scanner{Address: clamd.Address, Patience: 10 * time.Second}
			picture := pngOf(t, grey(30, 20))
			ill := jpegOf(t, grey(30, 20))
			ill = append(append([]byte("\xff\xd8\xff\xfe\x00\x14"), Virus...), ill[2:]...)

			f, err := h.take(t, "a.png", picture)
			require.NoError(t, err)
			require.Equal(t, evidence.Clean, f.Status)
			require.True(t, f.Cleared())
			_, content, err := h.Open(t.Context(), officer, subject, f.ID)
			require.NoError(t, err)
			require.Equal(t, picture, content)
			_, _, err = h.Open(t.Context(), officer, "mandate:m2", f.ID)
			require.Equal(t, portal.NotFound, portal.CodeOf(err), "another mandate's file is not there (L10)")

			_, err = h.take(t, "b.jpg", ill)
			require.ErrorContains(t, err, "evidence.infected")
			files, err := h.List(t.Context(), subject)
			require.NoError(t, err)
			require.Len(t, files, 2)
			require.Equal(t, evidence.Infected, files[1].Status)
			require.Equal(t, "Test-Virus", files[1].Found)
			require.EqualValues(t, len(ill), files[1].Size)
			_, err = h.store.EvidenceContent(t.Context(), files[1].ID)
			require.Equal(t, portal.NotFound, portal.CodeOf(err), "its bytes are gone at once")
			_, err = h.Page(t.Context(), officer, subject, files[1].ID, 1)
			require.Equal(t, portal.NotFound, portal.CodeOf(err))
			_, err = h.Pages(t.Context(), subject, files[1].ID)
			require.Equal(t, portal.NotFound, portal.CodeOf(err))

			// Down, nonsense, too large for it, half an answer: none of it is "clean".
			clamd.Stop()
			waiting, err := h.take(t, "c.png", picture)
			require.NoError(t, err)
			require.Equal(t, evidence.Quarantined, waiting.Status)
			other, err := h.take(t, "c2.png", picture)
			require.NoError(t, err)
			settled, err := h.Rescan(t.Context())
			require.Error(t, err, "down")
			require.Zero(t, settled)
			clamd.Start(t)
			for _, nonsense := range []string{"INSTREAM size limit exceeded. ERROR\x00", "stream: OKAY\x00", "stream: ", "OK", "stream: not OK\x00"} {
				clamd.Say(nonsense)
				asked := clamd.Asked()
				settled, err := h.Rescan(t.Context())
				require.Error(t, err, nonsense)
				require.Zero(t, settled, nonsense)
				require.Equal(t, asked+2, clamd.Asked(), "one that gets no verdict holds up no other")
			}
			_, _, err = h.Open(t.Context(), officer, subject, waiting.ID)
			require.ErrorContains(t, err, "evidence.quarantine")
			_, err = h.Page(t.Context(), officer, subject, waiting.ID, 1)
			require.ErrorContains(t, err, "evidence.quarantine")
			require.ErrorContains(t, h.Release(t.Context(), officer, subject, waiting.ID), "evidence.release", "the scanner has the word")
			clamd.Say("")
			settled, err = h.Rescan(t.Context())
			require.NoError(t, err)
			require.Equal(t, 2, settled)
			settled, err = h.Rescan(t.Context())
			require.NoError(t, err)
			require.Zero(t, settled, "settled once")
			for _, f := range []evidence.File{waiting, other} {
				_, _, err = h.Open(t.Context(), officer, subject, f.ID)
				require.NoError(t, err)
			}

			// Without a scanner.
			h.Scanner = nil
			seen, err := h.take(t, "d.png", picture)
			require.NoError(t, err)
			require.Equal(t, evidence.Quarantined, seen.Status)
			_, _, err = h.Open(t.Context(), officer, subject, seen.ID)
			require.ErrorContains(t, err, "evidence.quarantine")
			_, err = h.Page(t.Context(), officer, subject, seen.ID, 1)
			require.NoError(t, err, "the officer sees what waits for them")
			require.Equal(t, portal.NotFound, portal.CodeOf(h.Release(t.Context(), officer, "mandate:m2", seen.ID)))
			require.NoError(t, h.Release(t.Context(), officer, subject, seen.ID))
			require.ErrorContains(t, h.Release(t.Context(), officer, subject, seen.ID), "evidence.release", "once")
			_, _, err = h.Open(t.Context(), officer, subject, seen.ID)
			require.NoError(t, err)

			for action, n := range map[audit.Action]int64{audit.EvidenceReceived: 5, audit.EvidenceCleared: 3, audit.EvidenceInfected: 1,
				audit.EvidenceReleased: 1, audit.EvidenceTaken: 4, audit.EvidenceShown: 1, audit.EvidenceRefused: 0} {
				require.Equal(t, n, h.told(t, action), action)
			}
		})
	}
}

// The bytes of a document are kept for three years after its mandate's end,
// and not a day longer (D16).
func TestPurge(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			h := open(t, b)
			day := func(years, days int) int64 { return portal.Micros(h.now.AddDate(years, 0, days)) }
			storetest.Exec(t, h.dsn, `INSERT INTO partners (id, name, company_number, mail, privacy_mail, language, street, postcode, town, supplier, manager,
  status, asked_us, decided_us, decided_by, reason) VALUES ('p', 'P', '0403170701', '', '', 'fr', '', '', '', '', '', 'approved', 1, 1, '', '')`)
			gone := map[string]bool{}
			for _, m := range []struct {
				id, status     string
				until, decided int64
				lines          [][3]any // outcome, how it ended, when
				gone           bool
			}{
				{"expired", "decided", day(-3, -1), day(-4, 0), [][3]any{{"granted", "", int64(0)}}, true},
				{"expired-later", "decided", day(-3, 1), day(-4, 0), [][3]any{{"granted", "", int64(0)}}, false},
				{"revoked", "decided", day(-2, 0), day(-4, 0), [][3]any{{"granted", "revoked", day(-3, -1)}, {"refused", "", int64(0)}}, true},
				{"revoked-later", "decided", day(-2, 0), day(-4, 0), [][3]any{{"granted", "revoked", day(-3, -1)}, {"granted", "move", day(-3, 1)}}, false},
				{"half-revoked", "decided", day(-2, 0), day(-4, 0), [][3]any{{"granted", "revoked", day(-3, -1)}, {"granted", "", int64(0)}}, false},
				{"refused", "decided", day(-1, 0), day(-3, -1), [][3]any{{"refused", "", int64(0)}}, true},
				{"refused-later", "decided", day(-1, 0), day(-3, 1), [][3]any{{"refused", "", int64(0)}}, false},
				{"withdrawn", "withdrawn", day(-3, -1), 0, nil, true},
				{"given", "given-in", day(-1, 0), 0, nil, false},
			} {
				storetest.Exec(t, h.dsn, `INSERT INTO mandates (id, partner_id, renews, created_us, name, company_number, capacity, signed_by, street, postcode,
  town, language, kinds, data_from_us, data_to_us, valid_from_us, valid_to_us, purpose, once, status, version, text, reason, given_us, decided_us, signature)
  VALUES ($1, 'p', '', 1, '', '', '', '', '', '', '', 'fr', 'totals', 1, 1, 1, $2, '', false, $3, 1, $4, '', 1, $5, '')`, m.id, m.until, m.status, []byte{1}, m.decided)
				for i, l := range m.lines {
					storetest.Exec(t, h.dsn, `INSERT INTO mandate_lines (mandate_id, place, ean, outcome, reason, occupancy_id, granted_us, proven, letter_id,
  confirmed_us, ended_us, ended_as, delivered_us) VALUES ($1, $2, $3, $4, '', '', 1, false, '', 0, $5, $6, 0)`, m.id, i, strconv.Itoa(i), l[0], l[2], l[1])
				}
				f, err := h.Take(t.Context(), partner, evidence.Upload{Subject: "mandate:" + m.id, Name: m.id + ".png", Body: bytes.NewReader(pngOf(t, grey(9, 9)))})
				require.NoError(t, err)
				gone[f.ID] = m.gone
			}
			purged, err := h.Purge(t.Context())
			require.NoError(t, err)
			require.Equal(t, 4, purged)
			for id, is := range gone {
				want := int64(1)
				if is {
					want = 0
				}
				content := storetest.Number(t, h.dsn, `SELECT COUNT(*) FROM evidence_content WHERE evidence_id = $1`, id)
				named := storetest.Number(t, h.dsn, `SELECT COUNT(*) FROM evidence WHERE id = $1 AND (name <> '' OR status <> 'purged')`, id)
				require.Equal(t, []int64{want, want}, []int64{content, named}, id)
			}
			purged, err = h.Purge(t.Context())
			require.NoError(t, err)
			require.Zero(t, purged)
			require.EqualValues(t, 4, h.told(t, audit.EvidencePurged))
		})
	}
}

// Pages are drawn anew, whatever a document says of its size, and one that
// breaks the sandbox breaks nothing else.
func TestPages(t *testing.T) {
	h := open(t, storetest.Backends(t)[0])
	draw := func(content []byte, number int) image.Config {
		t.Helper()
		f, err := h.take(t, "x", content)
		require.NoError(t, err)
		p, err := h.Page(t.Context(), officer, subject, f.ID, number)
		require.NoError(t, err)
		require.False(t, bytes.Contains(p.Content, Virus), "no byte of it is the file's")
		size, format, err := image.DecodeConfig(bytes.NewReader(p.Content))
		require.NoError(t, err)
		require.Equal(t, string(p.Type), "image/"+format)
		require.Equal(t, []int{size.Width, size.Height}, []int{p.Width, p.Height})
		return size
	}
	size := draw(Draft{Pages: 2}.Bytes(), 2)
	require.Equal(t, []int{152, 304}, []int{size.Width, size.Height}, "100 by 200 points at 110 dots an inch")
	size = draw(bytes.ReplaceAll(Draft{}.Bytes(), []byte("[0 0 100 200]"), []byte("[0 0 9000 99]")), 1)
	require.LessOrEqual(t, max(size.Width, size.Height), 1800, "whatever size it says")
	comment := append(append([]byte("\xff\xd8\xff\xfe\x00\x14"), Virus...), jpegOf(t, grey(3000, 30))[2:]...)
	size = draw(comment, 1)
	require.Equal(t, []int{1800, 18}, []int{size.Width, size.Height})

	f, err := h.take(t, "x", Draft{Pages: 2}.Bytes())
	require.NoError(t, err)
	pages, err := h.Pages(t.Context(), subject, f.ID)
	require.NoError(t, err)
	require.Equal(t, 2, pages)
	for _, number := range []int{0, 3, -1} {
		_, err = h.Page(t.Context(), officer, subject, f.ID, number)
		require.Equal(t, portal.NotFound, portal.CodeOf(err))
	}

	// A colour that takes five thousand steps to work out, for each dot.
	steps := Draft{Page: "/Resources << /Shading << /S 4 0 R >> >>", Objects: []string{
		"<< /ShadingType 1 /ColorSpace /DeviceRGB /Domain [0 100 0 200] /Function 5 0 R >>",
		Stream("/FunctionType 4 /Domain [0 100 0 200] /Range [0 1 0 1 0 1]", []byte("{ dup "+strings.Repeat("1 mul ", 5000)+"}"))}}
	heavy := bytes.Replace(steps.Bytes(), []byte("0.5 g 10 10 50 50 re f"), []byte("/S sh                 "), 1)
	hasty := &evidence.Sandbox{Interpreted: true, Patience: time.Second}
	defer func() { require.NoError(t, hasty.Close()) }()
	_, err = hasty.Draw(t.Context(), heavy, 1)
	require.ErrorContains(t, err, "evidence.heavy", "what takes too long is stopped")
	hasty.Patience = 0
	leaving, leave := context.WithTimeout(t.Context(), time.Second)
	defer leave()
	_, err = hasty.Draw(leaving, heavy, 1)
	require.Equal(t, portal.Unavailable, portal.CodeOf(err), "whoever leaves stops it, too, and it is not the document's fault")
	paper, err := hasty.Read(t.Context(), Draft{}.Bytes())
	require.NoError(t, err, "and the next one is read")
	require.Equal(t, 1, paper.Pages)
}

// A photograph lies as its camera was held: what was its first corner comes
// where the person who took it saw it.
func TestPicturesStandUpright(t *testing.T) {
	h := open(t, storetest.Backends(t)[0])
	img := image.NewGray(image.Rect(0, 0, 64, 32))
	for i := range 16 * 16 {
		img.Set(i%16, i/16, color.White)
	}
	plain := jpegOf(t, img)
	const top, left = 4, 4
	for turned, c := range [][4]int{1: {64, 32, left, top}, {64, 32, 60, top}, {64, 32, 60, 28}, {64, 32, left, 28},
		{32, 64, left, top}, {32, 64, 28, top}, {32, 64, 28, 60}, {32, 64, left, 60}, {64, 32, left, top}} {
		exif := "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(rune(turned)) + "\x00\x00"
		if turned%2 == 0 {
			exif = "Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00" + string(rune(turned)) + "\x00\x00\x00"
		}
		f, err := h.take(t, "x", slices.Concat([]byte("\xff\xd8\xff\xe1\x00"), []byte{byte(len(exif) + 2)}, []byte(exif), plain[2:]))
		require.NoError(t, err)
		p, err := h.Page(t.Context(), officer, subject, f.ID, 1)
		require.NoError(t, err)
		drawn, _, err := image.Decode(bytes.NewReader(p.Content))
		require.NoError(t, err)
		if turned == 0 {
			c = [4]int{64, 32, left, top}
		}
		require.Equal(t, image.Pt(c[0], c[1]), drawn.Bounds().Size(), turned)
		for _, corner := range [][2]int{{0, 0}, {1, 0}, {0, 1}, {1, 1}} {
			x, y := 4+corner[0]*(c[0]-8), 4+corner[1]*(c[1]-8)
			grey, _, _, _ := drawn.At(x, y).RGBA()
			require.Equal(t, x == c[2] && y == c[3], grey > 0x8000, "%d at %d, %d", turned, x, y)
		}
	}
}
