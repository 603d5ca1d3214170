// Package evidence protects the house from the files that people upload, and
// the files from the house: what is taken in, who may see it in which form,
// and what an electronic signature on it proves (D8, D16, T25).
//
// A file is a PDF, a JPEG or a PNG of at most 10 MiB, by its content and by
// being read as one; nothing that runs, nothing that hides another file. What
// is no such file is refused before it is kept. The others go this way:
//
//	             ┌─scanner: clean──▶ clean ────┐
//	quarantined ─┤                             ├─3 years after──▶ purged
//	   │         └─officer lets go─▶ released ─┘
//	   └──scanner: infected──▶ infected
//
// With a scanner set (CLAMD), only its word takes a file out of quarantine: as
// long as it does not answer the file stays and is asked about again. Without
// one a file waits for an officer, who sees its pages drawn in the sandbox and
// lets it go or does not. The bytes of infected and purged files are gone;
// what stays is when, how large and which hash. Bytes go out of clean and
// released files only; pages also of those that wait for an officer. Whoever
// brought a file for something that is not decided yet may take it back: then it
// is purged at once.
//
// Files lie sealed in the database under an id. The name that a file came with
// is a label to show and never a path.
package evidence

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"guichet/portal"
	"guichet/portal/tx"
)

// MaxSize is the most bytes of a file.
const MaxSize = 10 << 20

// retention is how long after its mandate's end a document is kept, in years (D16).
const retention = 3

// Type is what a file is, as its media type.
type Type string

// The types that are taken.
const (
	PDF  Type = "application/pdf"
	JPEG Type = "image/jpeg"
	PNG  Type = "image/png"
)

// Status is where a file stands.
type Status string

// The statuses. A new one needs: Statuses, the picture above, web/locales
// "evidence.status."+name.
const (
	Quarantined Status = "quarantined"
	Clean       Status = "clean"
	Released    Status = "released"
	Infected    Status = "infected"
	Purged      Status = "purged"
)

// Statuses lists them all.
var Statuses = []Status{Quarantined, Clean, Released, Infected, Purged}

// File is what is known of an uploaded file; its bytes lie elsewhere.
type File struct {
	ID      string
	Subject string // what it is evidence for: "mandate:"+id, "works:"+id
	Name    string // a label of one line, as it came and made harmless; "" once purged
	Type    Type
	Size    int64  // bytes
	Hash    []byte // SHA-256 of the bytes
	Status  Status
	AddedAt time.Time
	AddedBy string // the actor's id
	// SettledAt is when it left quarantine; Found what the scanner called it.
	SettledAt time.Time
	Found     string
}

// Cleared tells whether the bytes may go out and a decision may rest on them.
func (f File) Cleared() bool { return f.Status == Clean || f.Status == Released }

// Store is what Service needs of the database. What it changes, Service records.
type Store interface {
	// PutEvidence adds a file with its bytes, which are sealed.
	PutEvidence(t tx.Tx, f File, content []byte) error
	// LockEvidence reads a file and locks it until the unit ends; NotFound.
	LockEvidence(t tx.Tx, id string) (File, error)
	// SaveEvidence writes status, name, what was found and when.
	SaveEvidence(t tx.Tx, f File) error
	// DropEvidence deletes the bytes of a file.
	DropEvidence(t tx.Tx, id string) error

	// Evidence reads a file of a subject; NotFound where there is none or it is
	// another's, without a difference.
	Evidence(ctx context.Context, subject, id string) (File, error)
	// EvidenceOf lists those of a subject, oldest first.
	EvidenceOf(ctx context.Context, subject string) ([]File, error)
	// EvidenceContent opens the bytes of a file; NotFound where they are gone.
	EvidenceContent(ctx context.Context, id string) ([]byte, error)
	// EvidenceWaiting lists those in quarantine by id, from after one on.
	EvidenceWaiting(ctx context.Context, after string, limit int) ([]File, error)
	// EvidenceOver lists files with bytes whose mandate or request ended before
	// a moment: a mandate by its last line's end, the end of its validity or its
	// refusal.
	EvidenceOver(ctx context.Context, ended time.Time, limit int) ([]File, error)
	// EvidenceAbandoned lists files with bytes that came before a moment for a
	// request which has no such paper.
	EvidenceAbandoned(ctx context.Context, came time.Time, limit int) ([]File, error)
}

// longestLabel is how many characters of a file's name are kept.
const longestLabel = 100

// label makes a name harmless: the last part of a path, one line of visible
// characters, nothing that turns writing around or hides an ending.
func label(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.ToValidUTF8(name, "_")
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsGraphic(r), strings.ContainsRune(`<>:"|?*&'%;$`+"`", r):
			return '_'
		}
		return r
	}, name)
	name = strings.TrimLeft(strings.Join(strings.Fields(name), " "), ". -")
	if utf8.RuneCountInString(name) > longestLabel {
		runes := []rune(name) // the ending stays: it says what the person sent
		name = string(runes[:longestLabel-11]) + "…" + string(runes[len(runes)-10:])
	}
	if name == "" {
		return "document"
	}
	return name
}

// refused is why a file was not taken: a message of web/locales under
// "error.evidence."+why.
func refused(why string, args ...any) *portal.Error {
	return &portal.Error{Code: portal.Invalid, Key: "evidence." + why, Field: "document", Args: args}
}

var absent = &portal.Error{Code: portal.NotFound, Key: "evidence"}
