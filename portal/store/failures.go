package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"guichet/lookup"
)

// A counter's failures lie in a text of one length, however many there are: to
// read, to take apart, to put together and to write them takes as long for a
// number nobody tried as for a blocked one (T7).
const (
	hashWidth    = 43 // a keyed hash as text, or blank
	timeWidth    = 16 // microseconds UTC, hexadecimal; blank in an empty slot
	failureWidth = 2*hashWidth + timeWidth
)

var noFailures = strings.Repeat(" ", lookup.Tries*failureWidth)

func failuresText(failures []lookup.Failure) (string, error) {
	if len(failures) > lookup.Tries {
		return "", fmt.Errorf("a counter of %d failures", len(failures))
	}
	text := []byte(noFailures)
	for i := range lookup.Tries {
		var f lookup.Failure
		if i < len(failures) {
			f = failures[i]
		}
		if len(f.Tried) > hashWidth || len(f.Device) > hashWidth {
			return "", fmt.Errorf("a hash of more than %d characters", hashWidth)
		}
		slot := text[i*failureWidth:]
		copy(slot, f.Tried)
		copy(slot[hashWidth:], f.Device)
		at := fmt.Sprintf("%0*x", timeWidth, f.At)
		if i < len(failures) {
			copy(slot[2*hashWidth:failureWidth], at)
		}
	}
	return string(text), nil
}

// parseFailures also reads what programs from before wrote: a list in JSON, or
// nothing where the counter is only held.
func parseFailures(text string) ([]lookup.Failure, error) {
	if strings.HasPrefix(text, "[") {
		var old []lookup.Failure
		err := json.Unmarshal([]byte(text), &old)
		return old, err
	}
	if text == "" {
		text = noFailures
	}
	if len(text) != len(noFailures) {
		return nil, fmt.Errorf("a counter's failures are %d characters long, not %d", len(text), len(noFailures))
	}
	failures := make([]lookup.Failure, 0, lookup.Tries)
	for i := range lookup.Tries {
		slot := text[i*failureWidth:][:failureWidth]
		f := lookup.Failure{Tried: strings.TrimRight(slot[:hashWidth], " "), Device: strings.TrimRight(slot[hashWidth:2*hashWidth], " ")}
		at := slot[2*hashWidth:]
		if at == noFailures[:timeWidth] {
			at = "" // still parsed: an empty slot takes as long
		}
		us, err := strconv.ParseInt("0"+at, 16, 64)
		if err != nil {
			return nil, fmt.Errorf("a failure's time: %w", err)
		}
		switch f.At = us; {
		case at != "":
			failures = append(failures, f)
		case f.Tried != "" || f.Device != "":
			return nil, errors.New("a failure without a time")
		}
	}
	return failures, nil
}
