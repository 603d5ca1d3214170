package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// Who keeps a connection open and asks on it as the program closes is answered,
// and told that this was the last answer there (G4: no answer is lost).
func TestClosingCutsNobodyOff(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "here") })
	doors := []door{{"LISTEN", "127.0.0.1:0", handler, func(address string, h http.Handler) *http.Server {
		return &http.Server{Addr: address, Handler: h}
	}, nil}}
	listeners, err := listenAll(doors)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serveDoors(ctx, slog.New(slog.DiscardHandler), doors, listeners) }()
	client := &http.Client{Transport: &http.Transport{MaxIdleConns: 1}}
	defer client.CloseIdleConnections()
	ask := func() (last bool) {
		r, err := client.Get("http://" + listeners[0].Addr().String())
		require.NoError(t, err)
		defer r.Body.Close()
		text, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.Equal(t, "here", string(text))
		return r.Close
	}
	require.False(t, ask(), "the connection is kept")
	stop()
	for !ask() { // until the signal is heard
	}
	require.NoError(t, <-ended)
}
