package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

// A database that is away for an hour is told in some lines, not one a second;
// what it kept waiting shows in the metrics, and that it works again in the log.
func TestWorkThatFailsIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		metrics := prometheus.NewRegistry()
		var away atomic.Bool
		ctx, stop := context.WithCancel(t.Context())
		late := func() float64 {
			all, err := metrics.Gather()
			require.NoError(t, err)
			require.Equal(t, "guichet_work_late_seconds", all[0].GetName())
			require.Equal(t, "writing letters", all[0].GetMetric()[0].GetLabel()[0].GetValue())
			return all[0].GetMetric()[0].GetGauge().GetValue()
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			rounds{slog.New(slog.NewTextHandler(&log, nil)), time.Now, metrics}.every(ctx, time.Second, "writing letters",
				func(context.Context) error {
					if away.Load() {
						return errors.New("disk full\nand so on")
					}
					return nil
				})
		}()
		<-time.After(time.Minute) // in the bubble no time goes by
		synctest.Wait()
		require.Zero(t, late())
		require.Empty(t, log.String())

		away.Store(true)
		<-time.After(time.Hour)
		synctest.Wait()
		require.InDelta(t, 3600, late(), 2)
		require.LessOrEqual(t, strings.Count(log.String(), "writing letters failed; it is tried again"), 13)
		require.Contains(t, log.String(), `error="disk full; and so on"`)

		away.Store(false)
		<-time.After(2 * time.Second)
		synctest.Wait()
		require.Zero(t, late())
		require.Equal(t, 1, strings.Count(log.String(), "writing letters works again"))
		stop()
		<-done
	})
}
