//go:build !linux

package main

import "time"

// ran is the time that really went by since the program was started. Where the
// machine sleeps in between, its clock seems to have jumped: the doors stay
// shut until the program is started anew.
func ran() time.Duration { return time.Since(began) }
