package evidencetest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Clamd speaks clamd's INSTREAM on a socket of its own. It finds "Test-Virus"
// in a file that holds Virus.
type Clamd struct {
	Address string

	listener net.Listener
	mu       sync.Mutex
	says     string
	asked    int
}

// Virus is what the scanner finds.
var Virus = []byte("guichet-test-virus")

// NewClamd starts a scanner that ends with the test.
func NewClamd(t testing.TB) *Clamd {
	t.Helper()
	c := &Clamd{Address: filepath.Join(t.TempDir(), "clamd")}
	c.Start(t)
	t.Cleanup(c.Stop)
	return c
}

// Start listens, again after Stop.
func (c *Clamd) Start(t testing.TB) {
	t.Helper()
	var err error
	c.listener, err = net.Listen("unix", c.Address)
	require.NoError(t, err)
	go func(l net.Listener) {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go c.serve(conn)
		}
	}(c.listener)
}

// Stop hears nobody any more.
func (c *Clamd) Stop() { c.listener.Close() }

// Say makes the scanner answer one thing whatever it is sent; "" lets it look.
func (c *Clamd) Say(answer string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.says = answer
}

// Asked tells how many files it was sent whole.
func (c *Clamd) Asked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked
}

func (c *Clamd) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	if command, err := in.ReadString(0); err != nil || command != "zINSTREAM\x00" {
		return
	}
	var content bytes.Buffer
	for {
		var length uint32
		if err := binary.Read(in, binary.BigEndian, &length); err != nil {
			return
		}
		if length == 0 {
			break
		}
		if _, err := io.CopyN(&content, in, int64(length)); err != nil {
			return
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	answer := c.says
	switch {
	case answer != "":
	case bytes.Contains(content.Bytes(), Virus):
		answer = "stream: Test-Virus FOUND\x00"
	default:
		answer = "stream: OK\x00"
	}
	io.WriteString(conn, answer)
}
