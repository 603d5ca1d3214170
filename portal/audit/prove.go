package audit

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Proof shows that an entry stands in the log under a signed head, to anybody
// who holds the public key, without showing any other entry.
type Proof struct {
	Idx    int64
	Leaf   []byte // Recorded.Leaf
	Head   string // signed
	Hashes tlog.RecordProof
}

// Prove makes the proof of an entry under the newest head. It fails for an
// entry that has no place yet, and where the tiles do not give the head's root.
func Prove(ctx context.Context, r Reader, id string) (Proof, error) {
	e, ok, err := r.SealedEntry(ctx, id)
	if err != nil {
		return Proof{}, err
	}
	head, err := r.NewestHead(ctx)
	if err != nil {
		return Proof{}, err
	}
	if !ok || e.Idx >= head.Size {
		return Proof{}, fmt.Errorf("trail: no sealed entry %s", Printable(id))
	}
	tree := tlog.Tree{N: head.Size, Hash: head.Root}
	hashes, err := tlog.ProveRecord(head.Size, e.Idx, tlog.TileHashReader(tree, tileReader{ctx, r}))
	if err != nil {
		return Proof{}, err
	}
	return Proof{Idx: e.Idx, Leaf: e.Leaf(), Head: head.Signed, Hashes: hashes}, nil
}

// Check tells whether the proof holds under the trail key.
func (p Proof) Check(verifier note.Verifier) error {
	head, err := OpenHead(p.Head, verifier)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(p.Hashes, head.Size, head.Root, p.Idx, tlog.RecordHash(p.Leaf))
}

type tileReader struct {
	ctx context.Context
	r   Reader
}

func (t tileReader) Height() int                     { return tileHeight }
func (t tileReader) SaveTiles([]tlog.Tile, [][]byte) {}

func (t tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, want := range tiles {
		got, err := t.r.Tiles(t.ctx, want.L, want.N, 1)
		if err != nil {
			return nil, err
		}
		if len(got) == 0 || got[0].N != want.N || got[0].Width() < want.W {
			return nil, errors.New("trail: a tile of the log is missing")
		}
		data[i] = got[0].Data[:want.W*tlog.HashSize]
	}
	return data, nil
}
