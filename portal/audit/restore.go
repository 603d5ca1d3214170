package audit

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"guichet/portal"
)

// Gap is what a database that was set back lacks: From is the size of the
// newest head that it shares with the outside, To that of the largest one
// after it outside. The zero Gap is none.
type Gap struct{ From, To int64 }

// Restore is a gap that somebody accepted: a backup was put back, and the log
// goes on from it. The entry of its ID says so in the log itself.
type Restore struct {
	Gap
	ID string
	At time.Time
	By string // login
}

// lost tells whether a head kept outside belongs to what was given up.
func (r Restore) lost(h Head) bool {
	return h.Size > r.From && h.Size <= r.To && !h.At.After(r.At)
}

// Entry is the trail's line about it.
func (r Restore) Entry(channel, reason string) Entry {
	return Entry{ID: r.ID, At: r.At, Actor: portal.Actor{Kind: portal.Staff, ID: r.By}, Action: RestoreAccepted,
		Ground: "restore", Channel: channel, Subject: "trail", Details: map[string]string{"reason": reason,
			"from": strconv.FormatInt(r.From, 10), "to": strconv.FormatInt(r.To, 10)}}
}

// toldBy tells whether an entry is the restore's.
func (r Restore) toldBy(e Recorded) bool {
	if e.ID != r.ID || e.Odd != "" || e.Erased {
		return false
	}
	details := ParseDetails(e.Text)
	return e.Action == RestoreAccepted && e.At.Equal(r.At) &&
		e.Actor == portal.Actor{Kind: portal.Staff, ID: r.By} &&
		details["from"] == strconv.FormatInt(r.From, 10) && details["to"] == strconv.FormatInt(r.To, 10)
}

// FindGap compares the heads kept outside, in the order they were kept, with
// those of the database. Gaps that were accepted are none. An error where a
// head outside cannot be trusted.
func FindGap(ctx context.Context, r Reader, outside Outside) (Gap, error) {
	accepted, err := r.Restores(ctx)
	if err != nil {
		return Gap{}, err
	}
	inside := headCursor{r: r}
	var gap Gap
	for kept, err := range outside {
		if err != nil {
			return Gap{}, err
		}
		held, err := inside.holds(ctx, kept)
		switch {
		case err != nil:
			return Gap{}, err
		case held:
			gap = Gap{From: kept.Size}
		case !lost(accepted, kept):
			gap.To = max(gap.To, kept.Size)
		}
	}
	if gap.To <= gap.From {
		return Gap{}, nil
	}
	return gap, nil
}

func lost(accepted []Restore, h Head) bool {
	for _, r := range accepted {
		if r.lost(h) {
			return true
		}
	}
	return false
}

// headCursor looks heads up in the database that are asked for mostly in
// rising order.
type headCursor struct {
	r    Reader
	page []Head
	from int64 // the page holds the heads after this size
}

func (c *headCursor) holds(ctx context.Context, h Head) (bool, error) {
	if c.page == nil || h.Size <= c.from || h.Size > c.page[len(c.page)-1].Size {
		page, err := c.r.HeadsAfter(ctx, h.Size-1, readPage)
		if err != nil {
			return false, err
		}
		c.page, c.from = page, h.Size-1
		if len(page) == 0 {
			c.page = nil
		}
	}
	at, found := slices.BinarySearchFunc(c.page, h.Size, func(inside Head, size int64) int { return cmp.Compare(inside.Size, size) })
	return found && c.page[at].Root == h.Root, nil
}
