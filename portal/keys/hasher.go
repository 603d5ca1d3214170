package keys

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"strconv"
	"sync"
)

// hasher makes keyed hashes under one key. It keeps hashes that have taken the
// key in: an attempt needs seven, and taking it in is half of the work.
type hasher struct{ keyed sync.Pool }

type keyedHash struct {
	hash.Hash
	text []byte
}

func newHasher(key []byte) *hasher {
	return &hasher{sync.Pool{New: func() any { return &keyedHash{Hash: hmac.New(sha256.New, key)} }}}
}

func (k *hasher) mac(p Purpose, parts ...string) []byte {
	h := k.keyed.Get().(*keyedHash)
	defer k.keyed.Put(h)
	text := append(h.text[:0], p...)
	for _, part := range parts {
		// A length before each part: no two lists of parts share their bytes.
		text = append(text, 0)
		text = strconv.AppendInt(text, int64(len(part)), 10)
		text = append(text, ':')
		text = append(text, part...)
	}
	h.Reset()
	h.Write(text)
	clear(text) // digits and references are not kept
	h.text = text
	return h.Sum(nil)
}
