package main

import (
	"bufio"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// leavePages takes the program's own pages out of its memory: two thirds of what
// an idle portal holds is code and tables that were read once, at its start. They
// are parts of its file, so that a page that is touched again comes back from the
// system's cache, sixteen of them in a few microseconds; where memory is short,
// the system does the same by itself. Where that cache holds the file in large
// pieces, one page would bring two megabytes of tables, which is asked not to be;
// code may be so, and runs faster. Left alone is whatever can be written, or ever
// was: it would be lost.
func leavePages() {
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	smaps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer smaps.Close()
	var from, to uintptr // of the program's part that the lines are about, 0 of any other
	var code bool
	for lines := bufio.NewScanner(smaps); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) >= 5 && strings.Contains(fields[0], "-") {
			from, to = 0, 0
			if len(fields) == 6 && fields[5] == self && !strings.Contains(fields[1], "w") && strings.HasSuffix(fields[1], "p") {
				first, end, _ := strings.Cut(fields[0], "-")
				from, to = address(first), address(end)
				code = strings.Contains(fields[1], "x")
			}
			continue
		}
		if from != 0 && to > from && len(fields) == 3 && fields[0] == "Anonymous:" && fields[1] == "0" {
			if !code {
				_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_NOHUGEPAGE)
			}
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_DONTNEED)
		}
	}
}

func address(hex string) uintptr {
	n, err := strconv.ParseUint(hex, 16, 64)
	if err != nil {
		return 0
	}
	return uintptr(n)
}
