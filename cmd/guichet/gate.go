package main

import (
	"guichet/lookup"
	"guichet/portal/config"
)

// gateLimits gives the settings' figures to the gate.
func gateLimits(l config.Limits) lookup.Limits {
	return lookup.Limits{
		SourceADay:       l.FailuresPerSourceADay,
		SourceAWeek:      l.FailuresPerSourceAWeek,
		SourceReferences: l.ReferencesPerSourceADay,
		SourceBlocks:     l.BlocksPerSourceADay,
		NetworkADay:      l.FailuresPerNetworkADay,
		WideADay:         l.FailuresPerWideADay,
		OverflowADay:     l.OverflowADay,
		HarmAnHour:       l.HarmAnHour,
		HarmADay:         l.HarmADay,
		LegacyADay:       l.LegacyADay,
		WorksADay:        l.WorksADay,
		KnownADay:        l.KnownADay,
		NoiseADay:        l.NoiseADay,
		OpenedByBrowser:  l.OpenedPerBrowserADay,
		OpenedBySource:   l.OpenedPerSourceADay,
		OpenedByNetwork:  l.OpenedPerNetworkADay,
	}
}
