package registry

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"
)

const (
	// NearWindow is how far apart the four digits of neighbours may lie to be
	// guessed from one another (G8): meters come out of their boxes in order.
	NearWindow = 10
	// ManyMeters is the least a postcode needs to be called the worst: in a
	// hamlet the likeliest digits are simply somebody's.
	ManyMeters = 100

	allDigits = 10_000
)

// Share is how often a guess of the four digits is right on the real register,
// by what the guesser knows (G8). Shares lie between 0 and 1; 0 where there is
// nothing to measure.
type Share struct {
	MeasuredAt time.Time `json:"measured_at"`
	Meters     int64     `json:"meters"`  // live, with four digits
	Overall    float64   `json:"overall"` // of the likeliest digits of all
	// The postcode of at least ManyMeters meters where the likeliest digits
	// are the likeliest; Postcode "" where none has so many.
	WorstPostcode float64 `json:"worst_postcode"`
	Postcode      string  `json:"postcode"`
	// MeanPostcode is for who guesses each postcode's likeliest digits there,
	// small postcodes included.
	MeanPostcode float64 `json:"mean_postcode"`
	Address      Near    `json:"address"` // among the meters of one address
	Batch        Near    `json:"batch"`   // among those of one postcode that were placed on one day
}

// Near is about meters whose digits lie within NearWindow of those of another
// meter of their group; 9998 and 0003 are five apart.
type Near struct {
	Meters int64 `json:"meters"`
	// Chance is for who reads one such meter, knows that another lies near it,
	// and guesses the likeliest distance. 1/21 if distances told nothing.
	Chance float64 `json:"chance"`
}

// Plate is what is measured of a live meter: where and since when it hangs.
type Plate struct {
	Postcode, Town, Street string
	Number                 string
	From                   time.Time
}

// Measure computes the shares of a register that each tells plate by plate,
// those of one postcode one after another. It keeps 10,000 counters and the
// plates of one postcode. Plates without four digits are left out.
func Measure(each func(func(Plate) error) error) (Share, error) {
	m := measuring{inAll: newTally(), inPostcode: newTally(), inGroup: newTally()}
	if err := each(m.add); err != nil {
		return Share{}, err
	}
	m.endPostcode()
	s := m.share
	s.Meters, s.Overall = m.inAll.total, m.inAll.best()
	if s.Meters > 0 {
		s.MeanPostcode = float64(m.bestGuesses) / float64(s.Meters)
	}
	s.Address, s.Batch = m.address.near(), m.batch.near()
	return s, nil
}

// measuring is a measurement under way.
type measuring struct {
	share                      Share
	inAll, inPostcode, inGroup *tally
	address, batch             pairs
	bestGuesses                int64

	postcode string
	plates   []plate // of this postcode
}

type plate struct {
	four    uint16
	address string
	from    int64
}

func (m *measuring) add(p Plate) error {
	digits, _, ok := LastFour(p.Number)
	if !ok {
		return nil
	}
	four, err := strconv.ParseUint(digits.Reveal(), 10, 16)
	if err != nil {
		return err
	}
	if p.Postcode != m.postcode {
		m.endPostcode()
		m.postcode = p.Postcode
	}
	m.inAll.add(uint16(four))
	m.inPostcode.add(uint16(four))
	m.plates = append(m.plates, plate{uint16(four), p.Town + "\n" + p.Street, portal.Micros(p.From)})
	return nil
}

// endPostcode takes a whole postcode into account and forgets it.
func (m *measuring) endPostcode() {
	best := m.inPostcode.best()
	m.bestGuesses += m.inPostcode.most()
	if m.inPostcode.total >= ManyMeters && best > m.share.WorstPostcode {
		m.share.WorstPostcode, m.share.Postcode = best, m.postcode
	}
	m.groups(&m.address, func(a, b plate) int { return cmp.Compare(a.address, b.address) })
	m.groups(&m.batch, func(a, b plate) int { return cmp.Compare(a.from, b.from) })
	m.inPostcode.clear()
	m.plates = m.plates[:0]
}

// groups counts the pairs within each group of the postcode's plates that
// compare as equal.
func (m *measuring) groups(into *pairs, compare func(a, b plate) int) {
	slices.SortFunc(m.plates, compare)
	for rest := m.plates; len(rest) > 0; {
		n := 1
		for n < len(rest) && compare(rest[0], rest[n]) == 0 {
			n++
		}
		if n > 1 {
			for _, p := range rest[:n] {
				m.inGroup.add(p.four)
			}
			into.count(m.inGroup)
			m.inGroup.clear()
		}
		rest = rest[n:]
	}
}

// tally counts meters by their four digits.
type tally struct {
	of    [allDigits]int64
	seen  []uint16 // digits with a count, so that clearing costs what was counted
	total int64
}

func newTally() *tally { return &tally{} }

func (t *tally) add(four uint16) {
	if t.of[four] == 0 {
		t.seen = append(t.seen, four)
	}
	t.of[four]++
	t.total++
}

// most is how many meters have the likeliest digits.
func (t *tally) most() (most int64) {
	for _, four := range t.seen {
		most = max(most, t.of[four])
	}
	return most
}

func (t *tally) best() float64 {
	if t.total == 0 {
		return 0
	}
	return float64(t.most()) / float64(t.total)
}

func (t *tally) clear() {
	for _, four := range t.seen {
		t.of[four] = 0
	}
	t.seen, t.total = t.seen[:0], 0
}

// pairs counts, over many groups, the pairs of meters by how far their digits
// lie apart.
type pairs struct {
	meters int64
	apart  [NearWindow + 1]int64
}

func (p *pairs) count(group *tally) {
	at := func(four uint16, distance int) int64 {
		return group.of[(int(four)+distance+allDigits)%allDigits]
	}
	for _, four := range group.seen {
		n := group.of[four]
		near := n > 1
		p.apart[0] += n * (n - 1) / 2
		for d := 1; d <= NearWindow; d++ {
			p.apart[d] += n * at(four, d)
			near = near || at(four, d) > 0 || at(four, -d) > 0
		}
		if near {
			p.meters += n
		}
	}
}

// near takes each pair from both its ends: from one of them the other lies
// above, from the other below, and only equal digits look alike from both.
func (p *pairs) near() Near {
	likeliest, ends := 2*p.apart[0], 2*p.apart[0]
	for _, n := range p.apart[1:] {
		likeliest, ends = max(likeliest, n), ends+2*n
	}
	if ends == 0 {
		return Near{}
	}
	return Near{Meters: p.meters, Chance: float64(likeliest) / float64(ends)}
}

// Plates is what the Gauge needs of the store.
type Plates interface {
	// EachPlate calls f for every meter that is live at a time, those of one
	// postcode one after another, without holding them all.
	EachPlate(ctx context.Context, at time.Time, f func(Plate) error) error
	// SaveShare replaces what was measured before.
	SaveShare(t tx.Tx, s Share) error
}

// Gauge measures the digits of the register and keeps what it found.
type Gauge struct {
	Store  Plates
	Runner tx.Runner
	Clock  portal.Clock
	// Progress, where set, hears how many meters are read.
	Progress func(done int)
}

// Measure reads the whole register once and answers after the result is durable.
func (g *Gauge) Measure(ctx context.Context) (Share, error) {
	now := g.Clock()
	done := 0
	s, err := Measure(func(f func(Plate) error) error {
		return g.Store.EachPlate(ctx, now, func(p Plate) error {
			if done++; done%1000 == 0 && g.Progress != nil {
				g.Progress(done)
			}
			return f(p)
		})
	})
	if err != nil {
		return Share{}, err
	}
	s.MeasuredAt = now.UTC().Truncate(time.Microsecond) // as it is kept
	return s, g.Runner.Do(ctx, func(t tx.Tx) error {
		t.Record(audit.Entry{At: now, Actor: portal.Actor{Kind: portal.System, ID: "measure"}, Action: audit.DigitsMeasured,
			Ground: "import", Channel: "command", Details: map[string]string{"meters": strconv.FormatInt(s.Meters, 10),
				"overall": fmt.Sprintf("%.6f", s.Overall), "worst-postcode": fmt.Sprintf("%.6f", s.WorstPostcode)}})
		return g.Store.SaveShare(t, s)
	})
}
