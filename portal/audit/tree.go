package audit

import (
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// Tile holds up to 256 neighbouring hashes of one level of the tree: hashes of
// entries at level 0, of whole tiles of the level below above it. A tile that
// is not full is replaced by a wider one as the log grows.
type Tile struct {
	Level int
	N     int64 // the how-manieth of its level, from 0
	Data  []byte
}

// Width counts the tile's hashes.
func (t Tile) Width() int { return len(t.Data) / tlog.HashSize }

func (t Tile) hashes() []tlog.Hash {
	hashes := make([]tlog.Hash, t.Width())
	for i := range hashes {
		hashes[i] = tlog.Hash(t.Data[i*tlog.HashSize : (i+1)*tlog.HashSize])
	}
	return hashes
}

func newTile(level int, n int64, hashes []tlog.Hash) Tile {
	t := Tile{Level: level, N: n, Data: make([]byte, 0, len(hashes)*tlog.HashSize)}
	for _, h := range hashes {
		t.Data = append(t.Data, h[:]...)
	}
	return t
}

// first is the first entry that the tile covers.
func (t Tile) first() int64 { return t.N << (tileHeight * (t.Level + 1)) }

// tree grows a Merkle tree from its right edge alone: the same hashes as
// package tlog's, which are RFC 6962's, in memory that does not grow with it.
type tree struct {
	size  int64
	stack []tlog.Hash   // perfect subtrees from left to right, one per bit of size
	edge  [][]tlog.Hash // per level, the hashes of its tile that is not full yet
}

// add appends a leaf's hash and calls full for each tile that it fills.
func (t *tree) add(h tlog.Hash, full func(Tile) error) error {
	for height := 0; ; height++ {
		if height%tileHeight == 0 {
			if err := t.store(height/tileHeight, h, full); err != nil {
				return err
			}
		}
		if t.size>>height&1 == 0 {
			break
		}
		h = tlog.NodeHash(t.stack[len(t.stack)-1], h)
		t.stack = t.stack[:len(t.stack)-1]
	}
	t.stack = append(t.stack, h)
	t.size++
	return nil
}

func (t *tree) store(level int, h tlog.Hash, full func(Tile) error) error {
	if level == len(t.edge) {
		t.edge = append(t.edge, make([]tlog.Hash, 0, tileWidth))
	}
	t.edge[level] = append(t.edge[level], h)
	if len(t.edge[level]) < tileWidth {
		return nil
	}
	tile := newTile(level, t.size>>(tileHeight*(level+1)), t.edge[level])
	t.edge[level] = t.edge[level][:0]
	return full(tile)
}

// root is the hash of the whole tree.
func (t *tree) root() tlog.Hash {
	if t.size == 0 {
		h, _ := tlog.TreeHash(0, nil) // the empty tree's is a constant
		return h
	}
	h := t.stack[len(t.stack)-1]
	for i := len(t.stack) - 2; i >= 0; i-- {
		h = tlog.NodeHash(t.stack[i], h)
	}
	return h
}

// partial gives the tiles of the edge, none of them full.
func (t *tree) partial() []Tile {
	var tiles []Tile
	for level, hashes := range t.edge {
		if len(hashes) > 0 {
			tiles = append(tiles, newTile(level, t.size>>(tileHeight*(level+1)), hashes))
		}
	}
	return tiles
}

// tiles counts the tiles of a tree of this size, full or not.
func (t *tree) tiles() int64 {
	var n int64
	for size := t.size; size > 0; size >>= tileHeight {
		n += (size + tileWidth - 1) >> tileHeight
	}
	return n
}

func (t *tree) clone() tree {
	c := tree{size: t.size, stack: append([]tlog.Hash(nil), t.stack...)}
	for _, hashes := range t.edge {
		c.edge = append(c.edge, append(make([]tlog.Hash, 0, tileWidth), hashes...))
	}
	return c
}

// grown rebuilds a tree of a known size from its edge and checks its root.
func grown(size int64, root tlog.Hash, edge []Tile) (*tree, error) {
	t := &tree{size: size}
	for s := size; s > 0; s >>= tileHeight {
		t.edge = append(t.edge, make([]tlog.Hash, 0, tileWidth))
	}
	for _, tile := range edge {
		if tile.Level >= len(t.edge) || tile.N != size>>(tileHeight*(tile.Level+1)) {
			return nil, fmt.Errorf("trail: tile %d/%d is not at the edge of a log of %d", tile.Level, tile.N, size)
		}
		t.edge[tile.Level] = append(t.edge[tile.Level], tile.hashes()...)
	}
	for level := len(t.edge) - 1; level >= 0; level-- {
		rest := t.edge[level]
		if want := int(size >> (tileHeight * level) & (tileWidth - 1)); len(rest) != want {
			return nil, fmt.Errorf("trail: the edge of level %d holds %d hashes instead of %d", level, len(rest), want)
		}
		for len(rest) > 0 {
			perfect := 1 << (bits.Len(uint(len(rest))) - 1)
			t.stack = append(t.stack, fold(rest[:perfect]))
			rest = rest[perfect:]
		}
	}
	if t.root() != root {
		return nil, fmt.Errorf("trail: the tiles of a log of %d do not give its head's root", size)
	}
	return t, nil
}

// fold gives the root over a power of two of hashes.
func fold(hashes []tlog.Hash) tlog.Hash {
	if len(hashes) == 1 {
		return hashes[0]
	}
	half := len(hashes) / 2
	return tlog.NodeHash(fold(hashes[:half]), fold(hashes[half:]))
}
