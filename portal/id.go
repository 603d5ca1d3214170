package portal

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"time"
)

var lower = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID makes an identifier of 26 lower-case letters and digits: 48 bits of
// the time in milliseconds, then 80 random bits, so that rows made together
// lie together. It opens nothing: what must not be guessed is a Token.
func NewID(now time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	rand.Read(b[6:]) // never fails: crypto/rand stops the program instead
	return lower.EncodeToString(b[:])
}

// Token makes an unguessable name of 128 random bits.
func Token() string {
	var b [16]byte
	rand.Read(b[:])
	return lower.EncodeToString(b[:])
}
