package audit

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// headLine is a series of heads being compared with the growing tree.
type headLine struct {
	next   func() (Head, error, bool)
	kind   string
	head   Head
	err    error
	more   bool
	began  bool
	last   int64 // size of the head before
	good   int64 // size of the last one that agreed
	broken bool  // one did not agree: none after it can
}

func (l *headLine) advance() {
	l.last = max(l.last, l.head.Size)
	l.head, l.err, l.more = l.next()
}

// insideHeads streams the database's heads.
func (v *verification) insideHeads() func() (Head, error, bool) {
	var page []Head
	size, last := int64(-1), false
	return func() (Head, error, bool) {
		if len(page) == 0 && !last {
			var err error
			if page, err = v.r.HeadsAfter(v.ctx, size, readPage); err != nil {
				return Head{}, err, true
			}
			last = len(page) < readPage
		}
		if len(page) == 0 {
			return Head{}, nil, false
		}
		h := page[0]
		page, size = page[1:], h.Size
		return h, nil, true
	}
}

// outsideHeads leaves out the heads of what an accepted restore gave up: the
// log can have no others in their place than those that follow.
func (v *verification) outsideHeads(next func() (Head, error, bool)) func() (Head, error, bool) {
	return func() (Head, error, bool) {
		for {
			h, err, more := next()
			if !more || err != nil || !lost(v.accepted, h) {
				return h, err, more
			}
			v.report.Outside++
		}
	}
}

// judgeHeads compares the tree with every head of its size.
func (v *verification) judgeHeads(size int64) error {
	if err := v.judgeLine(&v.inside, size, v.judgeInside); err != nil {
		return err
	}
	return v.judgeLine(&v.outside, size, v.judgeOutside)
}

func (v *verification) judgeLine(l *headLine, size int64, judge func(*headLine) error) error {
	if !l.began {
		l.began = true
		l.advance()
	}
	for l.more && (l.err != nil || l.head.Size <= size) {
		if err := judge(l); err != nil {
			return err
		}
		l.advance()
	}
	return nil
}

func (v *verification) judgeInside(l *headLine) error {
	if l.err != nil {
		return l.err
	}
	v.report.Heads++
	h := l.head
	if h.Prev != l.last {
		v.report.fault(Fault{Idx: l.last, To: h.Size,
			What: fmt.Sprintf("a head was removed, put in or changed: the head of %d follows that of %d, not of %d", h.Size, h.Prev, l.last)})
	}
	signed, err := OpenHead(h.Signed, v.verifier)
	if err != nil || signed.Root != h.Root || signed.Size != h.Size || signed.Prev != h.Prev || !signed.At.Equal(h.At) {
		v.report.fault(Fault{Idx: l.last, To: h.Size,
			What: fmt.Sprintf("the head of %d in the database is not what the trail key signed", h.Size)})
		return nil
	}
	v.judge(l)
	return nil
}

func (v *verification) judgeOutside(l *headLine) error {
	v.report.Outside++
	h := l.head
	switch {
	case l.err != nil:
		v.report.fault(Fault{Idx: l.last, What: "a head kept outside cannot be trusted: " + Printable(l.err.Error())})
	case h.Size < l.last:
		v.report.fault(Fault{Idx: h.Size, To: l.last,
			What: fmt.Sprintf("the log was set back: a head of %d was kept outside after one of %d", h.Size, l.last)})
	case h.Size > 0:
		v.judge(l)
		v.report.OutsideNewest = h.Size
	}
	return nil
}

// judge compares a properly signed head with what entries and tiles give.
func (v *verification) judge(l *headLine) {
	root := l.head.Root
	byEntries := v.entries.root() == root
	byTiles := byEntries
	if v.apart {
		byTiles = v.tiles.root() == root
	}
	switch {
	case byTiles:
		v.settle()
		if v.apart {
			v.entries = v.tiles
		}
	case byEntries:
		v.blameTiles()
	default:
		v.settle()
		if !l.broken {
			v.report.fault(Fault{Idx: l.good, To: l.head.Size, What: fmt.Sprintf(
				"they do not give the root of the head of %d %s, while those before %d do: they were changed and the log recomputed, or the head is of another log",
				l.head.Size, l.kind, l.good)})
		}
		l.broken = true
		return
	}
	v.tiles, v.apart = tree{}, false
	l.good = l.head.Size
}

// settle reports the differences in which the entries were wrong.
func (v *verification) settle() {
	for _, f := range v.pending {
		v.report.fault(f)
	}
	v.pending = nil
}

// blameTiles reports the differences in which the tiles were wrong.
func (v *verification) blameTiles() {
	last := int64(-1)
	for _, f := range v.pending {
		if n := f.Idx / tileWidth; n != last {
			last = n
			v.tileFault(Tile{N: n}, min(v.size, (n+1)*tileWidth))
		}
	}
	v.pending = nil
}

// judgeRest looks at the heads beyond the newest one inside.
func (v *verification) judgeRest() error {
	if err := v.judgeHeads(v.size); err != nil {
		return err
	}
	cut := v.size
	for l := &v.outside; l.more; l.advance() {
		if l.err != nil {
			_ = v.judgeOutside(l)
			continue
		}
		v.report.Outside++
		cut = max(cut, l.head.Size)
	}
	if cut > v.size {
		v.report.fault(Fault{Idx: v.size, To: cut, What: fmt.Sprintf(
			"cut off: the newest head in the database is of %d, one kept outside is of %d", v.size, cut)})
	}
	return nil
}

// leaves reads the hashes of level 0 in order.
type leaves struct {
	v     *verification
	page  []Tile
	tiles map[int64][]tlog.Hash // this tile and its neighbours
}

// at gives the leaf at a place; ok is false where its tile is missing or torn,
// which is reported once.
func (l *leaves) at(place int64) (leaf tlog.Hash, ok bool, err error) {
	n := place / tileWidth
	if place%tileWidth == 0 {
		if err := l.load(n); err != nil {
			return leaf, false, err
		}
	}
	leaf, ok = l.loaded(place)
	return leaf, ok, nil
}

func (l *leaves) loaded(place int64) (leaf tlog.Hash, ok bool) {
	if place < 0 {
		return leaf, false
	}
	hashes := l.tiles[place/tileWidth]
	if i := int(place % tileWidth); i < len(hashes) {
		return hashes[i], true
	}
	return leaf, false
}

// load makes tile n current.
func (l *leaves) load(n int64) error {
	if len(l.page) == 0 || l.page[len(l.page)-1].N < n {
		page, err := l.v.r.Tiles(l.v.ctx, 0, n, 16)
		if err != nil {
			return err
		}
		l.page = page
	}
	before := l.tiles[n-1]
	l.tiles = map[int64][]tlog.Hash{n - 1: before}
	to := min(l.v.size, (n+1)*tileWidth)
	want := int(to - n*tileWidth)
	for _, t := range l.page {
		if t.N == n && t.Width() == want {
			l.tiles[n] = t.hashes()
			return nil
		}
	}
	l.v.tileFault(Tile{N: n}, to)
	return nil
}
