package main

import (
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// keptByPages lies in a part of the program that is written.
var keptByPages = "as built"

// TestPagesAreLeft and come back: less of the file is resident, what was written
// is still there, and the program goes on.
func TestPagesAreLeft(t *testing.T) {
	resident := func() int {
		status, err := os.ReadFile("/proc/self/status")
		require.NoError(t, err)
		kb, err := strconv.Atoi(string(regexp.MustCompile(`RssFile:\s+(\d+) kB`).FindSubmatch(status)[1]))
		require.NoError(t, err)
		return kb
	}
	keptByPages = t.Name()
	before := resident()
	leavePages()
	require.Less(t, resident(), before)
	require.Equal(t, t.Name(), keptByPages)
}
