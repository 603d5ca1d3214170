package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"regexp"
	"time"

	"guichet/mandates"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/metering/exchange"

	"golang.org/x/mod/sumdb/note"
)

// A delivery file is the values, and a leaf of the trail that the trail's key
// signed when they left: whose mandate, which text and document, which days,
// and the SHA-256 of the values' bytes. In JSON the leaf stands beside the
// values; in CSV and XML it is one line of its own, a remark or a comment, and
// the values are all the other bytes.

// The marks by what a delivery leaves on; each is the key of its words.
const (
	onMandate      = "api.mark"
	onRegistration = "api.mark.supplier"
)

// marks are the confidentiality marks of what programs get (L20).
var marks = map[string]string{
	onMandate:      "Confidential: for the mandatary, for the purpose that the customer signed for",
	onRegistration: "Confidential: for the supplier of record, for the supply of this access point",
}

// renderJSON writes the values of a delivery; its bytes are what the leaf names.
func renderJSON(s metering.Series, mark string) ([]byte, error) {
	var b bytes.Buffer
	if err := exchange.WriteJSON(&b, s, mark); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// grounds says on what a delivery leaves.
type grounds struct {
	ID       string `json:"id" doc:"The mandate's number."`
	Text     string `json:"text_sha256" doc:"SHA-256 of the text that the customer signed."`
	Document string `json:"document_sha256,omitempty" doc:"SHA-256 of the signed document."`
}

// registered says on which registration a delivery leaves.
type registered struct {
	ID       string `json:"id" doc:"The registration's number."`
	Supplier string `json:"supplier" doc:"The supplier's code."`
}

// deliveryJSON is a delivery file in JSON: on a mandate, or on a registration.
type deliveryJSON struct {
	deliveryHead
	Consumption json.RawMessage `json:"consumption"`
	Leaf        string          `json:"leaf"`
}

type deliveryHead struct {
	Mandate      *grounds    `json:"mandate,omitempty"`
	Registration *registered `json:"registration,omitempty"`
	Entry        string      `json:"entry"`
	At           string      `json:"as_of"`
	Next         string      `json:"next,omitempty"`
}

// leafOf signs a delivery's leaf.
func leafOf(d mandates.Delivery, signer note.Signer) (string, error) {
	says := map[string]string{"mandate": d.Mandate.ID}
	if d.Supplied.ID != "" {
		says = map[string]string{"registration": d.Supplied.ID}
	}
	for _, name := range []string{"supplier", "text", "document", "grain", "from", "to", "since", "content"} {
		if d.Says[name] != "" {
			says[name] = d.Says[name]
		}
	}
	return d.Recorded.Sign(signer, says)
}

// Write makes the delivery file in JSON.
func Write(d mandates.Delivery, signer note.Signer) (json.RawMessage, error) {
	return writeJSON(d, signer, "")
}

// Render is mandates.Asked.Render of Write.
func Render(s metering.Series) ([]byte, error) { return renderJSON(s, marks[onMandate]) }

// writeJSON puts the values in as they are: an encoder would read them all again,
// only to write the same bytes, and the leaf names these.
func writeJSON(d mandates.Delivery, signer note.Signer, next string) (json.RawMessage, error) {
	leaf, err := leafOf(d, signer)
	if err != nil {
		return nil, err
	}
	file := deliveryHead{Entry: d.Entry, At: d.Recorded.At.UTC().Format(time.RFC3339), Next: next}
	if d.Supplied.ID != "" {
		file.Registration = &registered{d.Supplied.ID, d.Supplied.Supplier}
	} else {
		file.Mandate = &grounds{d.Mandate.ID, d.Says["text"], d.Says["document"]}
	}
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	err = out.Encode(file)
	b.Truncate(b.Len() - len("}\n"))
	b.WriteString(`,"consumption":`)
	b.Write(d.Content)
	b.WriteString(`,"leaf":`)
	err = errors.Join(err, out.Encode(leaf))
	b.Truncate(b.Len() - len("\n"))
	b.WriteString("}\n")
	return b.Bytes(), err
}

const byteOrderMark = "\ufeff"

// WriteText makes the delivery file in CSV, or in XML where csv is false.
func WriteText(d mandates.Delivery, signer note.Signer, csv bool) ([]byte, error) {
	leaf, err := leafOf(d, signer)
	return wrap(d.Content, leaf, csv), err
}

// wrap puts the leaf's line into a file of CSV or XML.
func wrap(content []byte, leaf string, csv bool) []byte {
	line := leafName + base64.StdEncoding.EncodeToString([]byte(leaf))
	if rest, ok := bytes.CutPrefix(content, []byte(byteOrderMark)); ok && csv {
		return append([]byte(byteOrderMark+"# "+line+"\r\n"), rest...)
	}
	if !bytes.HasSuffix(content, []byte("\n")) {
		return append(content[:len(content):len(content)], "<!-- "+line+" -->"...)
	}
	return append(content[:len(content):len(content)], "<!-- "+line+" -->\n"...)
}

const leafName = "guichet-delivery "

var leafLine = regexp.MustCompile(`(?:# ` + leafName + `([A-Za-z0-9+/=]+)\r?\n)|(?:<!-- ` + leafName + `([A-Za-z0-9+/=]+) -->\n?)`)

// DeliverySize bounds what is read as a delivery file.
const DeliverySize = 64 << 20

// CheckDelivery tells whether a delivery file is the one that left: its leaf is
// signed by the trail's key and names these very values. It needs the public
// key and nothing of ours.
func CheckDelivery(file []byte, verifier note.Verifier) (audit.Leaf, error) {
	leaf, content, err := split(file)
	if err != nil {
		return audit.Leaf{}, err
	}
	l, err := audit.OpenLeaf(leaf, verifier)
	if err != nil {
		return l, errors.New("the leaf is not signed by this key")
	}
	sum := sha256.Sum256(content)
	if (l.Says["mandate"] == "") == (l.Says["registration"] == "") || l.Says["content"] != hex.EncodeToString(sum[:]) {
		return l, errors.New("the values are not those that were delivered")
	}
	return l, nil
}

func split(file []byte) (leaf string, content []byte, err error) {
	if trimmed := bytes.TrimSpace(file); bytes.HasPrefix(trimmed, []byte("{")) {
		var d deliveryJSON
		if err := json.Unmarshal(trimmed, &d); err != nil || d.Leaf == "" {
			return "", nil, errors.New("no delivery file: there is no leaf in it")
		}
		var b bytes.Buffer // a program may have laid it out anew
		if err := json.Compact(&b, d.Consumption); err != nil {
			return "", nil, err
		}
		l, err := audit.PeekLeaf(d.Leaf)
		if err != nil {
			return "", nil, err
		}
		var on grounds
		var by registered
		if d.Mandate != nil {
			on = *d.Mandate
		}
		if d.Registration != nil {
			by = *d.Registration
		}
		if d.Entry != l.ID || on != (grounds{l.Says["mandate"], l.Says["text"], l.Says["document"]}) ||
			by != (registered{l.Says["registration"], l.Says["supplier"]}) || d.At != l.At.UTC().Format(time.RFC3339) {
			return "", nil, errors.New("the file names another mandate, registration, entry or moment than its leaf")
		}
		return d.Leaf, b.Bytes(), nil
	}
	found := leafLine.FindAllSubmatchIndex(file, 2)
	if len(found) != 1 {
		return "", nil, errors.New("no delivery file: there is no leaf in it, or more than one")
	}
	at := found[0]
	code := ""
	for _, group := range [][]int{at[2:4], at[4:6]} {
		if group[0] >= 0 {
			code = string(file[group[0]:group[1]])
		}
	}
	text, err := base64.StdEncoding.Strict().DecodeString(code)
	if err != nil {
		return "", nil, errors.New("the leaf cannot be read")
	}
	return string(text), append(append([]byte{}, file[:at[0]]...), file[at[1]:]...), nil
}
