package mandates

import (
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"
)

// Refusal is why a delivery is refused, for the trail and for the mandatary
// (L29). A new one needs: Refusals, web/locales "mandate.refusal."+name.
type Refusal string

// The refusals.
const (
	NotRefused   Refusal = ""
	NoMandate    Refusal = "no-mandate"    // none, or another's: the same answer
	NotInForce   Refusal = "not-in-force"  // proposed, refused, waiting, ended or expired
	OutOfStay    Refusal = "out-of-stay"   // the mandator does not live there any more, or not yet
	OtherKind    Refusal = "other-kind"    // a kind of data that was not ticked
	OtherPeriod  Refusal = "other-period"  // nothing of what was asked lies within
	AlreadyGiven Refusal = "already-given" // for one delivery, and it was made
	// NotRegistered is a supplier's: no registration of its own that holds now
	// (L10). Out of stay is told to suppliers by the same answer.
	NotRegistered Refusal = "not-registered"
)

// Refusals lists them all.
var Refusals = []Refusal{NoMandate, NotInForce, OutOfStay, OtherKind, OtherPeriod, AlreadyGiven, NotRegistered}

// KindOf tells which kind of data a grain belongs to.
func KindOf(g metering.Grain) Kind {
	switch {
	case g.Fine():
		return Fine
	case g == metering.ByDay:
		return Daily
	}
	return Totals
}

// Reach is the period of which a line may deliver at this moment: what the
// mandator signed for and lived through (Ld4). The horizon and the choice of
// detail are History's to keep, which never lets more out either. stay is the
// occupancy as the register has it now.
func (m Mandate) Reach(l Line, stay registry.Occupancy, g metering.Grain, now time.Time) (portal.Period, Refusal) {
	switch {
	case l.End == NotEnded && l.moved(now, m.Scope.Validity.To):
		return portal.Period{}, OutOfStay
	case l.StatusAt(now, m.Scope.Validity.To) != LineInForce, now.Before(m.Scope.Validity.From):
		return portal.Period{}, NotInForce
	case l.OccupancyID == "" || stay.ID != l.OccupancyID || stay.EAN != l.EAN || !stay.Contains(now):
		return portal.Period{}, OutOfStay
	case !m.Scope.Has(KindOf(g)):
		return portal.Period{}, OtherKind
	case m.Scope.Once && !l.DeliveredAt.IsZero():
		return portal.Period{}, AlreadyGiven
	}
	reach, ok := stay.Period.Intersect(m.Scope.Data)
	if !ok {
		return portal.Period{}, OtherPeriod
	}
	return reach, NotRefused
}
