package e2e

import (
	"crypto/rand"
	"flag"
	"fmt"
	"math/big"
	"os"
	"strconv"
	"testing"

	"guichet/e2e/rig"
)

// TestMain runs nothing with -short: every test here needs the program and its
// services. e2e/house and e2e/visitor have those that need none. Most run side
// by side, as e2e/test.sh says how many: the tester and the program wait for
// each other in turn, so one alone leaves a core idle. Those about what many do
// at once, about a budget or about a moment come first, each alone.
func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		fmt.Println("e2e: -short leaves the end-to-end tests to e2e/test.sh")
		return
	}
	status := m.Run()
	rig.Sweep()
	os.Exit(status)
}

// wrong gives the nth wrong answer to a reference's question; n from 1.
func wrong(r rig.Reference, n int) string {
	digits, _ := strconv.Atoi(r.Digits)
	return fmt.Sprintf("%04d", (digits+n)%10_000)
}

// unknown draws a well-formed reference that nobody was ever given: 12 digits
// and their ISO 7064 MOD 97-10 check.
func unknown() rig.Reference {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000_000_000))
	if err != nil {
		panic(err)
	}
	return rig.Reference{Reference: fmt.Sprintf("%012d%02d", n, 98-n.Int64()*100%97), Digits: "0000"}
}

// languages of the public pages.
var languages = []string{"fr", "de", "nl", "en"}
