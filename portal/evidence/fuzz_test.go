package evidence

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzBytes: whatever somebody sends, reading it outside the sandbox ends, and
// ends within the bytes.
func FuzzBytes(f *testing.F) {
	for _, seed := range []string{"", "%PDF-1.7\n1 0 obj << /Type /ObjStm /Filter /FlateDecode >> stream\nx\nendstream %%EOF", "%PDF-/#4A#5",
		"\xff\xd8\xff\xe1\x00\x20Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\xff\xda\x00\x02\x00\xff\xd9",
		"\xff\xd8\xff\xe1\x00\x00Exif\x00\x00II*\x00\xff\xff\xff\xff", "\xff\xd8\xff\xff\xff\xd9", "\x89PNG\r\n\x1a\n\xff\xff\xff\xffIEND", "PK\x05\x06", "../..\\a\x00b"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		isArchive(content)
		inspectPDF(append([]byte("%PDF-"), content...))
		for _, end := range []int{jpegEnd(content), pngEnd(content)} {
			if end > len(content) {
				t.Fatalf("ends at %d of %d", end, len(content))
			}
		}
		if turned := orientation(content); turned < 1 || turned > 8 {
			t.Fatalf("turned %d", turned)
		}
		name := label(string(content))
		if name == "" || strings.ContainsAny(name, "/\\\x00\r\n<>\"") || strings.HasPrefix(name, ".") || !utf8.ValidString(name) || utf8.RuneCountInString(name) > longestLabel {
			t.Fatalf("label %q", name)
		}
		covers(content, Signed{Range: []int{0, len(content) / 3, len(content) / 2, len(content) - len(content)/2}, Contents: bytes.Clone(content)})
		judge(content, Signed{Range: []int{0, 0, 0, 0}, Contents: content, Format: formats[0]}, nil, time.Time{})
	})
}
