package audit

import (
	"fmt"
	"strings"
	"time"

	"guichet/portal"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Head says, signed, what the log was at some time: so many entries with this
// root. Whoever holds a head can tell any later change of what it covers.
type Head struct {
	Size   int64
	Prev   int64 // size of the head before, 0 where it is the first
	Root   tlog.Hash
	At     time.Time // microseconds
	Signed string    // the note: the four above and the trail key's signature
}

// sign fills Signed. The text is tlog's, with two lines that make the heads a
// chain: none can be taken out of the middle.
func (h *Head) sign(signer note.Signer) error {
	text := string(tlog.FormatTree(tlog.Tree{N: h.Size, Hash: h.Root})) +
		fmt.Sprintf("prev %d\nat %d\n", h.Prev, portal.Micros(h.At))
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return fmt.Errorf("trail: signing a head: %w", err)
	}
	h.Signed = string(signed)
	return nil
}

// OpenHead reads a signed head; it fails where the signature is not the trail
// key's.
func OpenHead(signed string, verifier note.Verifier) (Head, error) {
	n, err := note.Open([]byte(signed), note.VerifierList(verifier))
	if err != nil {
		return Head{}, err
	}
	return parseHead(n.Text, signed)
}

func parseHead(text, signed string) (Head, error) {
	tree, err := tlog.ParseTree([]byte(text))
	if err != nil {
		return Head{}, err
	}
	h := Head{Size: tree.N, Root: tree.Hash, Signed: signed}
	var us int64
	lines := strings.SplitN(text, "\n", 4)
	if _, err := fmt.Sscanf(lines[len(lines)-1], "prev %d\nat %d\n", &h.Prev, &us); err != nil {
		return Head{}, fmt.Errorf("trail: head of %d: %w", h.Size, err)
	}
	h.At = portal.FromMicros(us)
	return h, nil
}
