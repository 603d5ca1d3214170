package store

import (
	"context"

	"guichet/portal/audit"
	"guichet/portal/desk"
)

var _ desk.AlarmStore = (*Store)(nil)

// GateMoves implements desk.Store.
func (s *Store) GateMoves(ctx context.Context, limit int) ([]audit.Recorded, error) {
	return s.newest(ctx, audit.GateMoved, limit)
}

// GateAlarms implements desk.Store.
func (s *Store) GateAlarms(ctx context.Context, limit int) ([]audit.Recorded, error) {
	return s.newest(ctx, audit.AlarmRaised, limit)
}

// newest reads the newest entries of an action that the partial index trail_gate
// holds and that are kept whole (D16). The action stands in the text: behind a parameter neither database
// could tell that the index covers it.
func (s *Store) newest(ctx context.Context, action audit.Action, limit int) ([]audit.Recorded, error) {
	return entries(s.query(ctx, newestQuery(action), limit))
}

func newestQuery(action audit.Action) string {
	return `SELECT ` + entryColumns + ` FROM trail
  WHERE action = '` + string(action) + `' AND salt IS NOT NULL ORDER BY at_us DESC, id DESC LIMIT $1`
}
