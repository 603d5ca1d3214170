package evidence

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"io"
	"iter"
	"regexp"
	"strings"
)

// What runs, reaches out or hides a file in a PDF, by the names that make it
// do so (ISO 32000-1, 12.6 and 7.11). These are looked for in every byte and in
// all that is packed: a reader can be led into any place of a file.
var forbidden = map[string]string{
	"JavaScript": "script", "Launch": "script", "SubmitForm": "script", "ImportData": "script", "Rendition": "script",
	"GoToE": "script", "GoToR": "script", "RichMedia": "script", "Movie": "script",
	"EmbeddedFile": "embedded", "FileAttachment": "embedded", "Collection": "embedded",
	"Encrypt": "encrypted",
}

// These are too short to be looked for in what is packed and not text: chance
// would find them in an honest scan. None of them does harm without one above
// but EF, which hands over an embedded file. (The list EmbeddedFiles is no sign
// of one: some printers write it empty, ours too.)
var forbiddenInStructure = map[string]string{"AA": "script", "JS": "script", "XFA": "script", "EF": "embedded"}

// mostInflated bounds what a PDF's packed text may unpack to.
const mostInflated = 64 << 20

// inspectPDF tells why a PDF is not taken: the last part of a key, "" for none.
// It reads the bytes as they lie and trusts no table of the file: what one
// reader skips, another may find.
func inspectPDF(content []byte) string {
	if !bytes.HasPrefix(content, []byte("%PDF-")) || speaksAnother(content) {
		return "polyglot"
	}
	end := bytes.LastIndex(content, []byte("%%EOF"))
	if end < 0 {
		return "damaged"
	}
	if len(bytes.Trim(content[end+len("%%EOF"):], "\r\n \t")) > 0 {
		return "polyglot"
	}
	budget := int64(mostInflated)
	for rest := content; len(rest) > 0; {
		structure, packed, after := cut(rest)
		if why := sought(structure, true); why != "" {
			return why
		}
		if why := sought(packed, false); why != "" {
			return why
		}
		if why := inspectStream(structure, packed, &budget); why != "" {
			return why
		}
		rest = after
	}
	return ""
}

// cut gives what stands before a stream, the stream's bytes, and the rest.
// Whatever reads like a stream's beginning is one: readers are lenient.
func cut(content []byte) (structure, packed, after []byte) {
	for at := 0; ; {
		i := bytes.Index(content[at:], []byte("stream"))
		if i < 0 {
			return content, nil, nil
		}
		at += i + len("stream")
		if bytes.HasSuffix(content[:at], []byte("endstream")) {
			continue
		}
		body := bytes.TrimLeft(content[at:], "\r\n\t ")
		if end := bytes.Index(body, []byte("endstream")); end >= 0 {
			return content[:at], body[:end], body[end:]
		}
		return content[:at], body, nil
	}
}

// inspectStream looks into a stream, of which the dictionary is in the
// structure before it. Streams of objects must be packed in the one plain way,
// so that what they hold is seen; pictures are not text.
func inspectStream(structure, packed []byte, budget *int64) string {
	var objects, picture, filtered, parameters bool
	filters := 0
	for name, rest := range names(structure) {
		switch {
		case name == "ObjStm":
			objects = true
		case name == "Image":
			picture = true
		case name == "Filter":
			filtered = true
		case name == "DecodeParms":
			parameters = true
		case strings.HasSuffix(name, "Decode"), name == "Crypt":
			filters++
		case name == "Type" && !bytes.HasPrefix(bytes.TrimLeft(rest, blank), []byte("/")):
			return "damaged" // a kind that is told elsewhere hides what this is
		}
	}
	switch {
	case len(packed) == 0, picture && !objects:
		return ""
	case objects && !filtered:
		return sought(packed, true)
	case objects && (filters != 1 || parameters):
		return "damaged"
	}
	unpack, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil && objects {
		return "damaged"
	} else if err != nil {
		return ""
	}
	text, err := io.ReadAll(io.LimitReader(unpack, *budget+1))
	if *budget -= int64(len(text)); *budget < 0 {
		return "heavy"
	}
	if objects && err != nil {
		return "damaged"
	}
	return sought(text, objects)
}

// sought tells the first thing in a text that a PDF must not have.
func sought(text []byte, structure bool) string {
	for name, rest := range names(text) {
		if why := forbidden[name]; why != "" {
			return why
		}
		if why := forbiddenInStructure[name]; why != "" && structure {
			return why
		}
		if name == "OpenAction" && !showsPlace(rest) {
			return "script"
		}
	}
	return ""
}

// showsPlace tells whether what a document does when it is opened is no more
// than to show one of its places: an array that begins with a page.
func showsPlace(rest []byte) bool {
	rest = bytes.TrimLeft(rest, blank)
	return len(rest) > 1 && rest[0] == '[' && bytes.IndexByte(rest, ']') > 0 &&
		!bytes.ContainsAny(rest[:bytes.IndexByte(rest, ']')], "<(")
}

// blank is what PDF takes for white space; with delimiters it ends a name.
const blank = "\x00\t\n\f\r "

var endsName = func() (ends [256]bool) {
	for _, c := range []byte(blank + "()<>[]{}/%") {
		ends[c] = true
	}
	return ends
}()

const longestName = 127 // bytes, of a name in a PDF (ISO 32000-1, annex C)

// names gives every name of a text as a reader understands it ("/J#53" is
// "JS"), with what follows it.
func names(text []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for {
			i := bytes.IndexByte(text, '/')
			if i < 0 {
				return
			}
			text = text[i+1:]
			n := 0
			for n < len(text) && n < 3*longestName && !endsName[text[n]] {
				n++
			}
			if n > 1 && !yield(unescape(text[:n]), text[n:]) {
				return
			}
		}
	}
}

var escape = regexp.MustCompile(`#[0-9A-Fa-f]{2}`)

func unescape(name []byte) string {
	if bytes.IndexByte(name, '#') < 0 {
		return string(name)
	}
	return string(escape.ReplaceAllFunc(name, func(code []byte) []byte {
		one, _ := hex.DecodeString(string(code[1:])) // two hexadecimal digits always decode
		return one
	}))
}
