package web

import (
	"testing"
	"time"

	"guichet/mandates"
	"guichet/portal"

	"github.com/stretchr/testify/require"
)

// D8: a customer who revoked is not asked again by a link; what ran out, goes on
// or was never granted may be asked for anew.
func TestD8WhatWasRevokedIsNotOfferedAgain(t *testing.T) {
	now := portal.Date(2026, 3, 10)
	granted := mandates.Line{Outcome: mandates.Granted, Proven: true, GrantedAt: now.AddDate(0, -1, 0)}
	revoked := granted
	revoked.End, revoked.EndedAt = mandates.ByRevocation, now.AddDate(0, 0, -1)
	m := func(until time.Time, lines ...mandates.Line) mandates.Mandate {
		m := mandates.Mandate{Status: mandates.Decided, Lines: lines}
		m.Scope.Validity = portal.Period{From: now.AddDate(-1, 0, 0), To: until}
		return m
	}
	for name, c := range map[string]struct {
		mandate mandates.Mandate
		want    bool
	}{
		"in force":        {m(now.AddDate(1, 0, 0), granted), true},
		"revoked":         {m(now.AddDate(1, 0, 0), revoked), false},
		"revoked in part": {m(now.AddDate(1, 0, 0), revoked, granted), true},
		"ran out":         {m(now.AddDate(0, 0, -1), granted), true},
		"refused":         {m(now.AddDate(1, 0, 0), mandates.Line{Outcome: mandates.Refused}), true},
	} {
		require.Equal(t, c.want, renewable(c.mandate, now), name)
	}
}
