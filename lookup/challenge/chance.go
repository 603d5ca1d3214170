package challenge

import (
	"encoding/binary"

	"golang.org/x/crypto/chacha20"
)

// chance is the stream that one drawing is made from: the same seed gives the
// same drawing, and nobody without the seed can tell any of it.
type chance struct {
	cipher *chacha20.Cipher
	block  [512]byte
	left   []byte
}

// newChance begins a stream from a seed of 32 bytes.
func newChance(seed []byte) *chance {
	cipher, err := chacha20.NewUnauthenticatedCipher(seed, make([]byte, chacha20.NonceSize))
	if err != nil {
		panic("challenge: a 32-byte seed always fits: " + err.Error())
	}
	return &chance{cipher: cipher}
}

// take gives the next n bytes, at most a block.
func (c *chance) take(n int) []byte {
	if len(c.left) < n {
		clear(c.block[:])
		c.cipher.XORKeyStream(c.block[:], c.block[:])
		c.left = c.block[:]
	}
	b := c.left[:n]
	c.left = c.left[n:]
	return b
}

// between gives a number from low up to but not including high.
func (c *chance) between(low, high float64) float64 {
	return low + (high-low)*float64(binary.LittleEndian.Uint32(c.take(4)))/(1<<32)
}

// below gives a whole number from 0 to n-1; what it favours is a billionth.
func (c *chance) below(n int) int { return int(c.between(0, float64(n))) }

// hiss gives a sample of noise whose loudness (root mean square) is 1.
func (c *chance) hiss() float32 {
	b := c.take(2)
	return (float32(b[0]) - float32(b[1])) / 104.5
}
