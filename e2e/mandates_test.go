package e2e

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"guichet/e2e/rig"
	"guichet/portal/evidence/evidencetest"
)

// trusting is a portal that trusts one issuer of certificates, with those who
// sign: where their documents are signed, and who lives where; and since when.
func trusting(t *testing.T) (p *rig.Portal, signing map[string]any, since time.Time) {
	t.Helper()
	issuer := evidencetest.NewAuthority(t, "Citizen CA", time.Now())
	trusted := filepath.Join(t.TempDir(), "trusted.pem")
	require.NoError(t, os.WriteFile(trusted, issuer.PEM(), 0o600))
	// Without the race detector: under it the reader of documents takes a minute
	// to be compiled, while people wait.
	p = quick(t, "TRUSTED_SIGNERS="+trusted)
	var households []map[string]string
	for _, n := range []int{2, 6} { // one by certificate, one by hand
		r := p.References[n]
		line := strings.Split(rig.SQL(t, p.File(), fmt.Sprintf(`SELECT name, street, postcode, town FROM occupancies WHERE ean = '%s' AND to_us = 0`, r.EAN)), "|")
		require.Len(t, line, 4)
		households = append(households, map[string]string{"reference": r.Reference, "digits": r.Digits, "ean": r.EAN,
			"name": line[0], "street": line[1], "postcode": line[2], "town": line[3]})
	}
	since = time.Now()
	return p, map[string]any{"households": households, "partner": p.Partner, "public_key": filepath.Join(p.Setting("KEYS"), "trail.pub"),
		"pen": pen(t, issuer, households[0]["name"])}, since
}

// pen signs the documents it is sent: with a certificate that names somebody,
// or with ink on paper, which it then scans.
func pen(t *testing.T, issuer *evidencetest.Signer, name string) string {
	card := issuer.Issue(t, evidencetest.Person{Name: name + " (Signature)"})
	desk := http.NewServeMux()
	desk.HandleFunc("POST /certificate", func(w http.ResponseWriter, r *http.Request) {
		pdf, _ := io.ReadAll(r.Body)
		w.Write(evidencetest.SignOther(t, pdf, card))
	})
	desk.HandleFunc("POST /ink", func(w http.ResponseWriter, r *http.Request) {
		pdf, _ := io.ReadAll(r.Body)
		scan, err := scanned(t.TempDir(), pdf)
		if err != nil {
			t.Error(err)
		}
		w.Write(scan)
	})
	s := httptest.NewServer(desk)
	t.Cleanup(s.Close)
	return s.URL
}

// scanned prints a PDF, signs at its foot and lays the sheets, one under the
// other, on a scanner.
func scanned(dir string, pdf []byte) ([]byte, error) {
	print := exec.Command("pdftoppm", "-r", "80", "-png", "-", filepath.Join(dir, "sheet"))
	print.Stdin = bytes.NewReader(pdf)
	if out, err := print.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("pdftoppm: %w\n%s", err, out)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "sheet*.png"))
	slices.Sort(files)
	var paper *image.Gray
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		sheet, err := png.Decode(file)
		file.Close()
		if err != nil {
			return nil, err
		}
		size := sheet.Bounds().Size()
		if paper == nil {
			paper = image.NewGray(image.Rect(0, 0, size.X, size.Y*len(files)))
		}
		used := size.Y * slices.Index(files, name)
		draw.Draw(paper, image.Rect(0, used, size.X, used+size.Y), sheet, image.Point{}, draw.Src)
	}
	for x := range 160 {
		y := paper.Bounds().Dy() - 120 - x%37
		draw.Draw(paper, image.Rect(300+x, y, 303+x, y+3), image.NewUniform(color.Black), image.Point{}, draw.Src)
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, paper, nil)
	return b.Bytes(), err
}

// mandated holds the trail against what people did in e2e/browser/mandates.test.mjs:
// nothing left unrecorded, and all of it on the mandate it left on (L18, L29);
// and each household was told by post, as soon as the post goes (D8).
func mandated(t *testing.T, p *rig.Portal, since time.Time, signing map[string]any) {
	t.Helper()
	for _, h := range signing["households"].([]map[string]string) {
		require.Eventually(t, func() bool {
			letters, _ := filepath.Glob(filepath.Join(p.Setting("OUTBOX"), "*.html"))
			return slices.ContainsFunc(letters, func(name string) bool {
				text, _ := os.ReadFile(name)
				return bytes.Contains(text, []byte("Conseil Énergie Ourthe SRL")) && bytes.Contains(text, []byte(h["name"]))
			})
		}, time.Minute, tick, "D8: nobody told %s", h["name"])
	}
	for action, want := range map[string]string{
		"mandate.drafted": "2", "mandate.given": "2", "mandate.granted": "2", "mandate.confirmed": "1", "mandate.revoked": "2",
		"evidence.received": "2", "evidence.released": "2", "delivery.made": "4", "delivery.refused": "5", "key.made": "2",
	} {
		got := rig.SQL(t, p.File(), fmt.Sprintf(`SELECT count(*) FROM trail WHERE action = '%s' AND at_us > %d`, action, since.UnixMicro()))
		require.Equal(t, want, got, action)
	}
	verified(t, p)
}
