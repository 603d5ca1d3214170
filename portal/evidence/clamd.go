package evidence

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Scanner asks a clamd daemon about files, by its INSTREAM command: the file
// in pieces, each behind its length in four bytes, and a piece of length zero
// at the end (man clamd).
type Scanner struct {
	// Address is the setting CLAMD: the path of a socket, or HOST:PORT.
	Address string
	// Patience is how long one scan may take in all; zero is 30 seconds.
	Patience time.Duration
}

// errScanner: the scanner gave no verdict, whatever the reason. errAnswer: it
// answered, but not about this file (which may be larger than it takes).
var (
	errScanner = errors.New("the scanner gives no verdict")
	errAnswer  = errors.New("it answers something else")
)

// piece is how much goes at once; clamd takes up to StreamMaxLength in all.
const piece = 64 << 10

// Scan gives what the scanner calls what it found, "" for a clean file. Only
// its very word "OK" makes a file clean; all else is an error.
func (s *Scanner) Scan(ctx context.Context, content []byte) (found string, err error) {
	patience := s.Patience
	if patience == 0 {
		patience = 30 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	network := "tcp"
	if strings.HasPrefix(s.Address, "/") {
		network = "unix"
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, s.Address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()

	var send bytes.Buffer
	send.WriteString("zINSTREAM\x00")
	for rest := content; len(rest) > 0; {
		n := min(piece, len(rest))
		send.Write(binary.BigEndian.AppendUint32(nil, uint32(n)))
		send.Write(rest[:n])
		rest = rest[n:]
	}
	send.Write(make([]byte, 4))
	_, sent := conn.Write(send.Bytes()) // a daemon that has enough answers and hangs up
	answer, err := io.ReadAll(io.LimitReader(conn, 4096))
	verdict, ok := strings.CutPrefix(strings.TrimRight(string(answer), "\x00\n"), "stream: ")
	name, infected := strings.CutSuffix(verdict, " FOUND")
	switch {
	case ok && infected:
		return name, nil
	case sent == nil && err == nil && ok && verdict == "OK":
		return "", nil
	}
	if len(answer) > 0 {
		return "", fmt.Errorf("%w: %q", errAnswer, answer)
	}
	return "", errors.Join(errors.New("it answers nothing"), sent, err)
}
