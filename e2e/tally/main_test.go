package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTally(t *testing.T) {
	line := func(action, test string) string {
		return `{"Action":"` + action + `","Package":"p","Test":"` + test + `"}` + "\n"
	}
	end := func(action string) string { return `{"Action":"` + action + `","Package":"p"}` + "\n" }
	for _, c := range []struct {
		name, in       string
		passed, failed int
		shows          string
		wrong          bool
	}{
		{"leaves count, parents do not", line("pass", "A/x") + line("pass", "A/y") + line("pass", "A") + line("pass", "B") + end("pass"), 3, 0, "p", false},
		{"a failed leaf counts once", line("fail", "A/x") + line("pass", "A/y") + line("fail", "A") + end("fail"), 1, 1, "p A/x: failed", false},
		{"a parent that failed by itself", line("pass", "A/x") + line("fail", "A") + end("fail"), 1, 1, "p A: failed", false},
		{"a test that left itself out", line("skip", "A") + end("pass"), 0, 1, "left itself out", false},
		{"a name that begins like another", line("fail", "AB") + line("pass", "A") + end("fail"), 1, 1, "p AB: failed", false},
		{"a package that did not build", `{"Action":"build-output","ImportPath":"p [p.test]","Output":"x.go:1: wrong\n"}` + "\n" + end("fail"), 0, 1, "x.go:1: wrong", false},
		{"a panic outside of tests", line("pass", "A") + end("fail"), 1, 1, "outside of its tests", false},
		{"a package without tests", end("skip"), 0, 0, "", false},
		{"nothing at all", "", 0, 0, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			got := newTally(&out)
			err := got.read(strings.NewReader(c.in))
			require.Equal(t, c.wrong, err != nil)
			require.Equal(t, []int{c.passed, c.failed}, []int{got.passed, got.failed}, out.String())
			require.Contains(t, out.String(), c.shows)
		})
	}
}
