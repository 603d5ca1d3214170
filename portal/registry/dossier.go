package registry

import (
	"context"
	"time"

	"guichet/portal"
)

// Dossier is everything that the portal holds on an occupancy, for the person
// whose it is (S4): the record, references without their numbers, visits, how
// far readings reach, letters. Nothing in it is older or younger than the
// occupancy (L16).
type Dossier struct {
	Occupancy Occupancy
	Point     AccessPoint
	Meters    []Meter
	Supplies  []Supply
	// Registrations are those of suppliers, with how they ended where that was
	// within the occupancy (D12, L16).
	Registrations []HeldRegistration
	References    []HeldReference
	Visits        []Opening // the newest first
	Readings      []Extent
	Letters       []Sent // the newest first
}

// HeldReference is what is kept of a reference: its number is not.
type HeldReference struct {
	MeterNumber                    string
	IssuedAt, FirstUsedAt, EndedAt time.Time
	Legacy, Blocked                bool
}

// Opening is one visit behind a reference.
type Opening struct{ OpenedAt, EndsAt, EndedAt time.Time }

// Extent is how far the readings of a register reach inside the occupancy:
// first and last local day, and how many days there are.
type Extent struct {
	Register    string
	First, Last time.Time
	Days        int64
}

// DossierStore reads dossiers.
type DossierStore interface {
	// Dossier reads all of an occupancy; NotFound where there is none.
	Dossier(ctx context.Context, occupancyID string) (Dossier, error)
}

// CutTo keeps of dated parts what overlaps an occupancy, cut to it (L16).
func CutTo(stay portal.Period, meters []Meter, supplies []Supply) (m []Meter, s []Supply) {
	for _, one := range meters {
		if both, ok := one.Intersect(stay); ok {
			one.Period = both
			m = append(m, one)
		}
	}
	for _, one := range supplies {
		if both, ok := one.Intersect(stay); ok {
			one.Period = both
			s = append(s, one)
		}
	}
	return m, s
}
