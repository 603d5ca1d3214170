package audit

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// An hour without a database is a dozen lines of the log, not one a second, and
// its end is told, too.
func TestFailedSealsAreToldNowAndThen(t *testing.T) {
	var log bytes.Buffer
	s := &Sealer{logger: slog.New(slog.NewTextHandler(&log, nil))}
	n := s.tell(nil, 0)
	for range 3600 {
		n = s.tell(errors.New("away"), n)
	}
	require.Equal(t, 3600, n)
	require.Equal(t, 12, strings.Count(log.String(), "could not be sealed"))
	require.Zero(t, s.tell(nil, n))
	require.Contains(t, log.String(), `msg="the trail is sealed again" failures=3600`)
}
