package vat_test

import (
	"testing"
	"time"

	"guichet/portal"
	"guichet/works/vat"

	"github.com/stretchr/testify/require"
)

// The examples of C.5, exact, and the border from both sides.
func TestExamples(t *testing.T) {
	for _, c := range []struct {
		name     string
		occupied time.Time
		invoice  time.Time
		want     int
	}{
		{"ten calendar years, nine of them in full", portal.Date(2016, 12, 31), portal.Date(2026, 1, 2), vat.Reduced},
		{"almost ten years, but nine calendar years", portal.Date(2017, 1, 1), portal.Date(2026, 12, 31), vat.Standard},
		{"the official example", portal.Date(2006, 12, 31), portal.Date(2016, 1, 1), vat.Reduced},
		{"the official example, a year late", portal.Date(2007, 1, 1), portal.Date(2016, 12, 31), vat.Standard},
		{"New Year in Brussels is the year before in London", portal.Date(2016, 6, 1), time.Date(2025, 12, 31, 23, 30, 0, 0, time.UTC), vat.Reduced},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := vat.Declaration{FirstOccupied: c.occupied.Year(), PrivateDwelling: true, EndUser: true}
			percent, against := vat.Rate(d, c.invoice)
			require.Equal(t, c.want, percent)
			require.Equal(t, percent == vat.Reduced, len(against) == 0)
		})
	}
}

// Each condition alone makes it 21 %, and says so; together they are all said.
func TestConditions(t *testing.T) {
	invoice := portal.Date(2026, 6, 1)
	old := vat.Declaration{FirstOccupied: 1974, PrivateDwelling: true, EndUser: true}
	percent, against := vat.Rate(old, invoice)
	require.Equal(t, 6, percent)
	require.Empty(t, against)
	for why, change := range map[vat.Reason]func(*vat.Declaration){
		vat.TooYoung:    func(d *vat.Declaration) { d.FirstOccupied = 0 },
		vat.NoDwelling:  func(d *vat.Declaration) { d.PrivateDwelling = false },
		vat.NoEndUser:   func(d *vat.Declaration) { d.EndUser = false },
		vat.NewBuilding: func(d *vat.Declaration) { d.NewBuilding = true },
		vat.SiteSupply:  func(d *vat.Declaration) { d.SiteSupply = true },
		vat.Subdivision: func(d *vat.Declaration) { d.Subdivision = true },
	} {
		d := old
		change(&d)
		percent, against := vat.Rate(d, invoice)
		require.Equal(t, 21, percent, why)
		require.Equal(t, []vat.Reason{why}, against)
	}
	percent, against = vat.Rate(vat.Declaration{NewBuilding: true, SiteSupply: true, Subdivision: true}, invoice)
	require.Equal(t, 21, percent)
	require.Len(t, against, 6)
}
