package lookup

import (
	"strconv"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/keys"
)

// DeviceLife is how long a browser is known after its last success (G7).
const DeviceLife = 13 * 30 * 24 * time.Hour

// Devices makes and checks the cookie that names a browser which opened a
// file. It proves nothing about a person: it only lets a success forgive the
// failures of the same browser (G6), and loosens neither the three tries nor a
// block (T20).
type Devices struct {
	ring  *keys.Ring
	clock portal.Clock
}

// NewDevices makes the helper.
func NewDevices(ring *keys.Ring, clock portal.Clock) *Devices { return &Devices{ring, clock} }

// Issue gives the cookie's value after a success: a new name for a browser
// without a valid one, else the same name for another DeviceLife.
func (d *Devices) Issue(current keys.Secret) keys.Secret {
	name, ok := d.verify(current)
	if !ok {
		name = portal.Token()
	}
	return d.sign(name, strconv.FormatInt(d.clock().Unix(), 10))
}

// Hash gives Claim.Device for a cookie's value: "" where there is none, or it
// is forged or over.
func (d *Devices) Hash(cookie keys.Secret) string {
	name, ok := d.verify(cookie)
	if !ok {
		return ""
	}
	return d.ring.HashText(keys.ForDevice, "name", name)
}

func (d *Devices) sign(name, issued string) keys.Secret {
	return keys.Secret(name + "." + issued + "." + d.ring.HashText(keys.ForDevice, "cookie", name, issued))
}

func (d *Devices) verify(cookie keys.Secret) (name string, ok bool) {
	parts := strings.Split(cookie.Reveal(), ".")
	if len(parts) != 3 || !d.sign(parts[0], parts[1]).Equal(cookie) {
		return "", false
	}
	issued, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || !d.clock().Before(time.Unix(issued, 0).Add(DeviceLife)) {
		return "", false
	}
	return parts[0], true
}
