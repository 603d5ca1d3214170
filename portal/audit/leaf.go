package audit

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"guichet/portal"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Leaf is what an export carries from the moment it leaves: the hash of its
// trail entry's leaf and what the entry says of the export, signed by the
// trail's key. The leaf's place in the log is proved later, by a receipt.
type Leaf struct {
	ID   string
	At   time.Time
	Hash tlog.Hash
	Says map[string]string // never whom it is about: that stays in the entry
}

// leafTitle keeps a leaf from being read as a head, which the same key signs.
const leafTitle = "guichet-leaf 1"

// Recorded is the entry as it will lie in the trail. Its Blind must be drawn.
func (e Entry) Recorded() Recorded {
	text := CanonicalDetails(e.Details)
	r := Recorded{Entry: e, Idx: Unsealed, Salt: e.Blind, Text: text, Commitment: Commitment(e.Blind, e.Subject, text)}
	r.Details = nil
	return r
}

// Sign gives the signed text of an entry's leaf, with the details that are told.
func (r Recorded) Sign(signer note.Signer, says map[string]string) (string, error) {
	text := fmt.Sprintf("%s\nentry %s\nat %s\nhash %s\n", leafTitle, r.ID, r.At.UTC().Format(time.RFC3339Nano), r.hash())
	for _, name := range slices.Sorted(maps.Keys(says)) {
		text += name + " " + strings.Join(strings.Fields(says[name]), " ") + "\n"
	}
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return "", portal.Shut("keys", err)
	}
	return string(signed), nil
}

// OpenLeaf reads a signed leaf; it fails where the signature is not the trail
// key's, or what was signed is no leaf.
func OpenLeaf(signed string, verifier note.Verifier) (l Leaf, err error) {
	n, err := note.Open([]byte(signed), note.VerifierList(verifier))
	if err != nil {
		return l, err
	}
	return parseSigned(n.Text)
}

// PeekLeaf reads a leaf without its signature, which proves nothing yet.
func PeekLeaf(signed string) (Leaf, error) {
	text, _, _ := strings.Cut(signed, "\n\n")
	return parseSigned(text)
}

func parseSigned(text string) (l Leaf, err error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 4 || lines[0] != leafTitle {
		return l, errors.New("what is signed is no leaf of the trail")
	}
	l.Says = map[string]string{}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, " ")
		switch name {
		case "entry":
			l.ID = value
		case "at":
			l.At, err = time.Parse(time.RFC3339Nano, value)
		case "hash":
			l.Hash, err = tlog.ParseHash(value)
		default:
			l.Says[name] = value
		}
		if err != nil {
			return l, err
		}
	}
	return l, nil
}
