package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// door is one listener and what answers on it.
type door struct {
	name    string // the setting that names its address
	address string
	handler http.Handler
	server  func(address string, handler http.Handler) *http.Server
	tls     *tls.Config
}

// shutdownTime is how long answers in progress may take after a signal.
const shutdownTime = 20 * time.Second

// listenAll binds every door before any of them serves, so that a wrong
// address is said before a visitor is let in.
func listenAll(doors []door) ([]net.Listener, error) {
	var listeners []net.Listener
	for _, d := range doors {
		l, err := net.Listen("tcp", d.address)
		if err != nil {
			for _, open := range listeners {
				err = errors.Join(err, open.Close())
			}
			return nil, fmt.Errorf("%s: %w", d.name, err)
		}
		if d.tls != nil {
			l = tls.NewListener(l, d.tls)
		}
		listeners = append(listeners, l)
	}
	return listeners, nil
}

// drainTime is how long after a signal connections that are kept open may still
// ask; each answer then ends its own. Closed at once, one would cut off who was
// just asking on it, and no proxy sends a form twice.
const drainTime = 500 * time.Millisecond

// drain counts what is connected and ends it answer by answer.
type drain struct {
	begun atomic.Bool
	open  atomic.Int64
}

func (d *drain) mind(s *http.Server) {
	inner := s.Handler
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.begun.Load() {
			w.Header().Set("Connection", "close")
		}
		inner.ServeHTTP(w, r)
	})
	s.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			d.open.Add(1)
		case http.StateClosed, http.StateHijacked:
			d.open.Add(-1)
		}
	}
}

// wait returns when nobody is connected any more, or after drainTime.
func (d *drain) wait() {
	d.begun.Store(true)
	end := time.After(drainTime)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for d.open.Load() > 0 {
		select {
		case <-tick.C:
		case <-end:
			return
		}
	}
}

// serveDoors answers until ctx ends or a door fails, then lets answers in
// progress end.
func serveDoors(ctx context.Context, log *slog.Logger, doors []door, listeners []net.Listener) error {
	failed := make(chan error, len(doors))
	servers := make([]*http.Server, len(doors))
	var ending drain
	for i, d := range doors {
		servers[i] = d.server(d.address, d.handler)
		ending.mind(servers[i])
		servers[i].ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelWarn)
		go func() {
			if err := servers[i].Serve(listeners[i]); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("%s: %w", d.name, err)
			}
		}()
	}
	var err error
	select {
	case <-ctx.Done():
		log.Info("closing; answers in progress may end", "seconds", int(shutdownTime.Seconds()))
		ending.wait()
	case err = <-failed:
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	for _, s := range servers {
		err = errors.Join(err, s.Shutdown(end))
	}
	return err
}

// certificate reads the operator's certificate; nil where none is set.
func certificate(cert, key string) (*tls.Config, error) {
	if cert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("TLS_CERT: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// demanding is the same for a listener that lets only those in who prove a
// certificate of these issuers; the file is that of CLIENT_CA.
func demanding(ours *tls.Config, issuers string) (*tls.Config, error) {
	text, err := os.ReadFile(issuers)
	if err != nil {
		return nil, fmt.Errorf("CLIENT_CA: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("CLIENT_CA: there is no certificate in %s", issuers)
	}
	theirs := ours.Clone()
	theirs.ClientAuth, theirs.ClientCAs = tls.RequireAndVerifyClientCert, pool
	return theirs, nil
}

// pause waits so long; false where it was ended.
func pause(ctx context.Context, long time.Duration) bool {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
