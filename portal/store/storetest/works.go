package storetest

import (
	"context"
	"testing"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/store"
	"guichet/works"

	"github.com/stretchr/testify/require"
)

// Works captures n requests for works: Reference is the number, Digits the
// code, OccupancyID the request's id, as the gate sees them (D10).
func Works(t testing.TB, s *store.Store, clock portal.Clock, n int) []Known {
	t.Helper()
	svc := &works.Service{Clock: clock, Runner: s, Store: s, Ring: Keys(t)}
	known := make([]Known, n)
	for i := range known {
		made, err := svc.Capture(context.Background(), audit.Entry{Actor: portal.Actor{Kind: portal.Visitor}, Channel: "web"}, works.Draft{
			Kind: "two-rate", Energy: "electricity", Requester: "person", Name: "Anna Schmitz", Mail: "anna@example.org", Language: "de", Channel: "mail",
			Street: "Rotenberg 12", Postcode: "4700", Town: "Eupen",
			Values: map[string]string{"ean": "54144901100000001" + string(portal.EANCheckDigit("54144901100000001"))}}, nil, "", "")
		require.NoError(t, err)
		known[i] = Known{Reference: made.Request.Number, Digits: made.Code, Key: made.Request.Key, OccupancyID: made.Request.ID}
	}
	return known
}
