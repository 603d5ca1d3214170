package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// ran is the time that really went by since the machine was started, sleep
// included: a laptop that was closed is no clock that jumped.
func ran() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return time.Since(began)
	}
	return time.Duration(t.Nano())
}
