package lookup

import "time"

// Limits are the figures of the table in threats.md that the gate keeps; a
// test compares the defaults with that table. All are counts, at least 1, and
// all windows slide: there is no edge at which a burst doubles (T16).
type Limits struct {
	// What one source (IPv4 address, IPv6 /64) may fail.
	SourceADay, SourceAWeek int
	SourceReferences        int // different references failed in a day
	SourceBlocks            int // caused in a day; then it is refused altogether that day (T19)
	// What a network (IPv4 /24, IPv6 /56) and an IPv6 /48 may fail in a day.
	NetworkADay, WideADay int
	// OverflowADay is what all full sources and networks share.
	OverflowADay int
	// The portal-wide budgets of failures (G7).
	HarmAnHour, HarmADay  int // at live references
	LegacyADay, WorksADay int // inside harm
	KnownADay             int // in step 3, by browsers that opened the reference before
	NoiseADay             int // at unknown references: leads to step 2 at most
	// Different references opened in a day (G9): beyond, step 2 and an alarm.
	OpenedByBrowser, OpenedBySource, OpenedByNetwork int
}

// DefaultLimits is the table of threats.md.
func DefaultLimits() Limits {
	return Limits{
		SourceADay: 6, SourceAWeek: 20, SourceReferences: 5, SourceBlocks: 2,
		NetworkADay: 30, WideADay: 100, OverflowADay: 60,
		HarmAnHour: 150, HarmADay: 1000, LegacyADay: 100, WorksADay: 300, KnownADay: 300, NoiseADay: 20_000,
		OpenedByBrowser: 10, OpenedBySource: 20, OpenedByNetwork: 200,
	}
}

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// halved is what a browser without scripts has in step 2: it brings a second
// captcha instead of work, and half of its source's failures (G7).
func (l Limits) halved() Limits {
	l.SourceADay, l.SourceAWeek, l.SourceReferences = half(l.SourceADay), half(l.SourceAWeek), half(l.SourceReferences)
	return l
}

func half(n int) int { return max(1, n/2) }

// Windows gives the sliding windows of a budget.
func (l Limits) Windows(b Budget) []Window {
	switch b {
	case Harm:
		return []Window{{time.Hour, l.HarmAnHour}, {day, l.HarmADay}}
	case Legacy:
		return []Window{{day, l.LegacyADay}}
	case Works:
		return []Window{{day, l.WorksADay}}
	case Known:
		return []Window{{day, l.KnownADay}}
	case Noise:
		return []Window{{day, l.NoiseADay}}
	}
	return nil
}
