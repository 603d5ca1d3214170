// Package evidencetest makes what tests of uploaded documents need, from
// nothing: small PDFs, harmless and not, authorities, signers and signatures,
// and a virus scanner on a socket.
package evidencetest

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Draft is a PDF to be made: pages of one grey square, and what a test adds.
type Draft struct {
	Pages   int      // zero is one
	Catalog string   // further entries of the catalog
	Page    string   // further entries of each page
	Trailer string   // further entries of the trailer
	Objects []string // further objects, numbered from First on
}

// First is the number of the first of Draft.Objects.
const First = 4

// Stream gives an object with a stream.
func Stream(entries string, content []byte) string {
	return fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", entries, len(content), content)
}

// Bytes makes the PDF.
func (d Draft) Bytes() []byte {
	kids := make([]string, max(1, d.Pages))
	for i := range kids {
		kids[i] = fmt.Sprintf("%d 0 R", First+len(d.Objects)+i)
	}
	objects := append([]string{
		"<< /Type /Catalog /Pages 2 0 R " + d.Catalog + " >>",
		fmt.Sprintf("<< /Type /Pages /Count %d /Kids [%s] >>", len(kids), strings.Join(kids, " ")),
		Stream("", []byte("0.5 g 10 10 50 50 re f")),
	}, d.Objects...)
	for range kids {
		objects = append(objects, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 200] /Contents 3 0 R "+d.Page+" >>")
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, at := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, d.Trailer, start)
	return b.Bytes()
}

var lastTable = regexp.MustCompile(`startxref\s+(\d+)\s+%%EOF\s*$`)

// Update appends a later version of an object to a PDF, as an editor does.
func Update(t testing.TB, pdf []byte, number int, object string) []byte {
	t.Helper()
	last := lastTable.FindSubmatch(pdf)
	require.NotNil(t, last, "no table")
	at := len(pdf)
	text := fmt.Sprintf("%d 0 obj\n%s\nendobj\n", number, object)
	return slices.Concat(pdf, []byte(text), fmt.Appendf(nil, "xref\n%d 1\n%010d 00000 n \ntrailer\n<< /Size 100 /Root 1 0 R /Prev %s >>\nstartxref\n%d\n%%%%EOF\n",
		number, at, last[1], at+len(text)))
}
