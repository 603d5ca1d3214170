package main

import (
	"crypto/x509"
	"fmt"
	"os"

	"guichet/portal/evidence"
)

// evidence opens the room of uploaded documents.
func (f *foundation) evidence() (*evidence.Service, error) {
	signers, err := trustedSigners(f.settings.TrustedSigners)
	if err != nil {
		return nil, fmt.Errorf("TRUSTED_SIGNERS: %w", err)
	}
	s := &evidence.Service{Clock: f.clock, Runner: f.store, Store: f.store, Sandbox: &evidence.Sandbox{}, Signers: signers}
	if f.settings.Clamd != "" {
		s.Scanner = &evidence.Scanner{Address: f.settings.Clamd}
	}
	return s, nil
}

func trustedSigners(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return evidence.Signers(text)
}
