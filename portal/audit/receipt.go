package audit

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"guichet/portal"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Receipt is the proof of an entry as somebody can take it away: a small text
// that anybody with the public key can check, today or in ten years.
type Receipt struct {
	ID   string
	Hash tlog.Hash // of the leaf
	Proof
	// Opening is what the leaf only commits to. It is nil, and so is Leaf,
	// where the entry names a colleague: the receipt then proves that this very
	// entry stands in the log, and whoever keeps the log tells what it says.
	Opening *Opening
}

// Opening is an entry's personal part, as its commitment binds it.
type Opening struct {
	Salt          []byte
	Subject, Text string
}

// NewReceipt makes the receipt of an entry out of its proof. What names a
// colleague stays in the house.
func NewReceipt(e Recorded, p Proof) Receipt {
	r := Receipt{ID: e.ID, Hash: tlog.RecordHash(p.Leaf), Proof: p}
	if e.Actor.Kind == portal.Staff {
		r.Leaf = nil
		return r
	}
	r.Opening = &Opening{Salt: e.Salt, Subject: e.Subject, Text: e.Text}
	return r
}

const receiptTitle = "guichet-receipt 1"

// Format writes the receipt behind remarks, which the check passes over: the
// confidentiality mark (L20) and what this file is, in a person's language.
func (r Receipt) Format(remarks ...string) []byte {
	var b bytes.Buffer
	for _, remark := range remarks {
		b.WriteString("# " + strings.Join(strings.Fields(remark), " ") + "\n")
	}
	code := base64.StdEncoding.EncodeToString
	fmt.Fprintf(&b, "%s\nentry %s\nplace %d\nhash %s\n", receiptTitle, Printable(r.ID), r.Idx, r.Hash)
	if r.Leaf != nil {
		fmt.Fprintf(&b, "leaf %s\n", code(r.Leaf))
	}
	if r.Opening != nil {
		fmt.Fprintf(&b, "salt %s\nsubject %s\ndetails %s\n", code(r.Opening.Salt), code([]byte(r.Opening.Subject)), code([]byte(r.Opening.Text)))
	}
	for _, h := range r.Hashes {
		fmt.Fprintf(&b, "proof %s\n", h)
	}
	b.WriteString("\n" + r.Head)
	return b.Bytes()
}

// ReceiptSize bounds what is read as a receipt.
const ReceiptSize = 64 << 10

// ParseReceipt reads what Format wrote. It proves nothing yet: Check does.
func ParseReceipt(text []byte) (r Receipt, err error) {
	if len(text) > ReceiptSize {
		return r, errors.New("receipt: too long for one")
	}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) // a mail or an editor may have changed it
	body, head, found := strings.Cut(string(text), "\n\n")
	if !found {
		return r, errors.New("receipt: no signed head in it")
	}
	r.Head, r.Idx = head, -1
	titled, hashed := false, false
	lines := bufio.NewScanner(strings.NewReader(body))
	lines.Buffer(nil, ReceiptSize+1)
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		if !titled {
			if line != receiptTitle {
				return r, errors.New("receipt: does not begin as one")
			}
			titled = true
			continue
		}
		name, value, _ := strings.Cut(line, " ")
		if name == "hash" {
			hashed = true
		}
		if err := r.take(name, value); err != nil {
			return r, fmt.Errorf("receipt: line %q cannot be read: %w", Printable(name), err)
		}
	}
	switch {
	case lines.Err() != nil:
		return r, lines.Err()
	case !titled || !hashed || r.Idx < 0 || r.ID == "":
		return r, errors.New("receipt: a line is missing")
	case (r.Leaf == nil) != (r.Opening == nil):
		return r, errors.New("receipt: half of the entry is missing")
	}
	return r, nil
}

func (r *Receipt) take(name, value string) (err error) {
	opening := func() *Opening {
		if r.Opening == nil {
			r.Opening = &Opening{}
		}
		return r.Opening
	}
	decode := base64.StdEncoding.Strict().DecodeString // one text for one receipt
	var b []byte
	switch name {
	case "entry":
		r.ID = value
	case "place":
		r.Idx, err = strconv.ParseInt(value, 10, 64)
	case "hash":
		r.Hash, err = tlog.ParseHash(value)
	case "leaf":
		r.Leaf, err = decode(value)
	case "salt":
		opening().Salt, err = decode(value)
	case "subject":
		b, err = decode(value)
		opening().Subject = string(b)
	case "details":
		b, err = decode(value)
		opening().Text = string(b)
	case "proof":
		var h tlog.Hash
		h, err = tlog.ParseHash(value)
		r.Hashes = append(r.Hashes, h)
	default:
		err = errors.New("unknown")
	}
	return err
}

// Check tells under which signed head the receipt holds, and, where the
// receipt carries it, what the entry says. It needs the public key and nothing
// of ours: no database, no network.
func (r Receipt) Check(verifier note.Verifier) (Head, *Recorded, error) {
	head, err := OpenHead(r.Head, verifier)
	if err != nil {
		return head, nil, fmt.Errorf("the head is not signed by this key: %w", err)
	}
	if err := tlog.CheckRecord(r.Hashes, head.Size, head.Root, r.Idx, r.Hash); err != nil {
		return head, nil, fmt.Errorf("the entry does not stand under this head: %w", err)
	}
	if r.Leaf == nil {
		return head, nil, nil
	}
	if tlog.RecordHash(r.Leaf) != r.Hash {
		return head, nil, errors.New("the entry is not the one that was proved")
	}
	e, err := parseLeaf(r.Leaf)
	if err != nil {
		return head, nil, err
	}
	if e.ID != r.ID {
		return head, nil, errors.New("the entry has another name than the receipt")
	}
	if !bytes.Equal(Commitment(r.Opening.Salt, r.Opening.Subject, r.Opening.Text), e.Commitment) {
		return head, nil, errors.New("what the entry is about was changed")
	}
	e.Idx, e.Salt, e.Subject, e.Text = r.Idx, r.Opening.Salt, r.Opening.Subject, r.Opening.Text
	return head, &e, nil
}

// parseLeaf is the inverse of Recorded.Leaf.
func parseLeaf(leaf []byte) (e Recorded, err error) {
	var parts [][]byte
	for rest := leaf; len(rest) > 0; {
		if len(rest) < 4 || uint64(len(rest)-4) < uint64(binary.BigEndian.Uint32(rest)) {
			return e, errors.New("the entry is torn")
		}
		n := 4 + int(binary.BigEndian.Uint32(rest))
		parts, rest = append(parts, rest[4:n]), rest[n:]
	}
	if len(parts) != 9 || string(parts[0]) != "guichet-entry-1" || len(parts[2]) != 8 {
		return e, errors.New("the entry has another form")
	}
	e.ID = string(parts[1])
	e.At = portal.FromMicros(int64(binary.BigEndian.Uint64(parts[2])))
	e.Actor = portal.Actor{Kind: portal.ActorKind(parts[3]), ID: string(parts[4])}
	e.Action, e.Ground, e.Channel = Action(parts[5]), string(parts[6]), string(parts[7])
	e.Commitment = parts[8]
	return e, nil
}
