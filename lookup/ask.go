package lookup

import "context"

// Ask is what a visitor must bring now, beyond the first challenge (G7). The
// zero Ask is the gate's first step.
type Ask struct {
	Work       bool // proof of work, or in its place a second captcha from a browser without scripts
	Second     bool // a second captcha; where Work is asked, too, only in its place
	LetterCode bool // without it, only a browser that opened this reference before is compared
}

// Ask tells what a form for this visitor must ask for. Of the claim it reads
// Device, Source and Network; nothing is counted or compared. Unavailable:
// nobody can tell.
func (g *Gate) Ask(context.Context, Claim) (Ask, error) { return Ask{}, nil }
