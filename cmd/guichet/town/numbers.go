package town

import (
	"fmt"
	"math/rand/v2"

	"guichet/portal"
)

// block begins every EAN of the town. The operator's own numbers run low after
// 541449; the town sits at the far end, and its check digits are right, so
// that whatever accepts a real EAN accepts these.
const block = "5414499990"

// numbers deals out EANs and meter numbers, no two alike.
type numbers struct {
	r     *rand.Rand
	eans  map[int]bool
	fours []int // last four digits still to deal, shuffled: unique in the town
}

func newNumbers(r *rand.Rand) *numbers {
	n := &numbers{r: r, eans: map[int]bool{}, fours: r.Perm(10_000)}
	return n
}

func (n *numbers) ean() portal.EAN {
	for {
		serial := n.r.IntN(10_000_000)
		if n.eans[serial] {
			continue
		}
		n.eans[serial] = true
		first := fmt.Sprintf("%s%07d", block, serial)
		return portal.EAN(first + string(portal.EANCheckDigit(first)))
	}
}

func (n *numbers) four() int {
	four := n.fours[0]
	n.fours = n.fours[1:]
	return four
}

// smart is a communicating meter's number: medium, maker, ten digits (B.2).
func (n *numbers) smart(e portal.Energy) string {
	maker := "1SAG11"
	if e == portal.Gas {
		maker = "7FLO21"
	}
	return fmt.Sprintf("%s%04d%04d", maker, n.r.IntN(10_000), n.four())
}

// old is a Ferraris meter's or a bellows meter's number: the digits that count
// stand before the dash (B.2).
func (n *numbers) old(e portal.Energy) string {
	head, year := n.r.IntN(40), 1984+n.r.IntN(30)
	if e == portal.Gas {
		return fmt.Sprintf("%02d %02d %04d", 10+head, n.r.IntN(100), n.four())
	}
	return fmt.Sprintf("%04d%04d-%d", head, n.four(), year)
}
