package audit

import (
	"encoding/binary"
	"strings"

	"guichet/portal"

	"golang.org/x/mod/sumdb/tlog"
)

// Unsealed is the Idx of an entry that no head covers yet.
const Unsealed = int64(-1)

// Recorded is an entry as it lies in the trail.
type Recorded struct {
	Entry             // Details stay nil: they are in Text
	Idx        int64  // place in the log from 0, or Unsealed
	Commitment []byte // binds the opening: salt, Subject and Text
	Salt       []byte
	Text       string // details in canonical form; see ParseDetails
	Erased     bool   // the opening is gone
	Odd        string // why the row cannot be taken for an entry at all; "" where it can
}

// Leaf gives the bytes that stand for an entry in the tree: everything but its
// opening, each part behind its length.
func (r Recorded) Leaf() []byte {
	at := binary.BigEndian.AppendUint64(nil, uint64(portal.Micros(r.At)))
	return frame([]byte("guichet-entry-1"), []byte(r.ID), at, []byte(r.Actor.Kind), []byte(r.Actor.ID),
		[]byte(r.Action), []byte(r.Ground), []byte(r.Channel), r.Commitment)
}

func (r Recorded) hash() tlog.Hash { return tlog.RecordHash(r.Leaf()) }

// ParseDetails is the inverse of CanonicalDetails.
func ParseDetails(text string) map[string]string {
	details := map[string]string{}
	for line := range strings.SplitSeq(text, "\n") {
		var name string
		var part strings.Builder
		for i := 0; i < len(line); i++ {
			switch c := line[i]; {
			case c == '=':
				name = part.String()
				part.Reset()
			case c == '\\' && i+1 < len(line):
				i++
				part.WriteString(strings.NewReplacer("n", "\n", "r", "\r").Replace(line[i : i+1]))
			default:
				part.WriteByte(c)
			}
		}
		if line != "" {
			details[name] = part.String()
		}
	}
	return details
}
