package lookup

import "time"

// Patient lets attempts at a gate wait that long for others of their place.
func (g *Gate) Patient(d time.Duration) { g.sources.wait = d }

// Patient lets attempts wait that long for permits that others hold.
func (p *Permits) Patient(d time.Duration) { p.wait = d }
