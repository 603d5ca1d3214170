package visitor

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
)

// work is what the gate's page asks a browser to compute, after the ALTCHA
// protocol.
type work struct {
	Algorithm string `json:"algorithm"`
	Challenge string `json:"challenge"`
	MaxNumber int    `json:"maxNumber,omitempty"`
	Salt      string `json:"salt"`
	Signature string `json:"signature"`
}

// Solve finds the number whose SHA-256 behind the salt is the challenge, by
// trying all up to the most there can be, and writes it as the protocol sends
// it. challenge is the page's data-challenge.
func Solve(challenge string) (payload string, err error) {
	var w work
	if err := json.Unmarshal([]byte(challenge), &w); err != nil {
		return "", fmt.Errorf("the page's challenge: %w", err)
	}
	if w.Algorithm != "SHA-256" || w.MaxNumber < 1 {
		return "", fmt.Errorf("a challenge nobody agreed on: %s", challenge)
	}
	for n := range w.MaxNumber + 1 {
		if sum := sha256.Sum256([]byte(w.Salt + strconv.Itoa(n))); hex.EncodeToString(sum[:]) == w.Challenge {
			w.MaxNumber = 0 // the solution does not carry it
			text, err := json.Marshal(struct {
				work
				Number int `json:"number"`
			}{w, n})
			return base64.StdEncoding.EncodeToString(text), err
		}
	}
	return "", fmt.Errorf("no number up to %d solves the challenge", w.MaxNumber)
}
