package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress tells how long work is going: a bar on a terminal after two
// seconds, a plain line every ten seconds elsewhere.
type progress struct {
	out     io.Writer
	what    string
	began   time.Time
	said    time.Time
	bar     *progressbar.ProgressBar
	isATerm bool
}

func newProgress(out io.Writer, what string) *progress {
	now := time.Now()
	p := &progress{out: out, what: what, began: now, said: now}
	if f, ok := out.(*os.File); ok {
		p.isATerm = term.IsTerminal(int(f.Fd()))
	}
	return p
}

// at says that done of total are done; total 0 is unknown.
func (p *progress) at(done, total int) {
	now := time.Now()
	switch {
	case now.Sub(p.began) < 2*time.Second:
	case p.isATerm:
		if p.bar == nil {
			if total == 0 {
				total = -1
			}
			p.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(p.out),
				progressbar.OptionSetDescription(p.what), progressbar.OptionClearOnFinish())
		}
		_ = p.bar.Set(done) // a bar that cannot be drawn stops no work
	case now.Sub(p.said) >= 10*time.Second:
		p.said = now
		if total > 0 {
			fmt.Fprintf(p.out, "%s: %d of %d\n", p.what, done, total)
		} else {
			fmt.Fprintf(p.out, "%s: %d\n", p.what, done)
		}
	}
}

func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
