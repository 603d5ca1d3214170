package audit

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/syslog"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/note"
)

// OpenHeads opens the place of a TRAIL_HEADS setting: "file:PATH", appended to
// and synced (mode 0600), or "syslog:".
func OpenHeads(setting string) (Heads, error) {
	kind, path, _ := strings.Cut(setting, ":")
	switch {
	case kind == "file" && path != "":
		return openHeadsFile(path)
	case kind == "syslog" && path == "":
		w, err := syslog.New(syslog.LOG_NOTICE|syslog.LOG_AUTHPRIV, "guichet-trail")
		if err != nil {
			return nil, fmt.Errorf("TRAIL_HEADS: %w", err)
		}
		return &headsSyslog{w: w}, nil
	}
	return nil, fmt.Errorf("TRAIL_HEADS %q: give file:PATH or syslog:", Printable(setting))
}

type headsFile struct {
	mu     sync.Mutex
	f      *os.File
	newest Head
}

func openHeadsFile(path string) (*headsFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("TRAIL_HEADS: %w", err)
	}
	// A device never ends when it is read, and keeps nothing.
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(fmt.Errorf("TRAIL_HEADS: %s is not a plain file", Printable(path)), err, f.Close())
	}
	h := &headsFile{f: f}
	last, err := lastByte(f)
	if err == nil && last != '\n' {
		// A line torn by a power cut must not swallow the next one.
		_, err = f.Write([]byte("\n"))
	}
	for line, bad := range lines(f) {
		var signed string
		if bad == nil {
			signed, bad = unline(line)
		}
		text, _, ok := strings.Cut(signed, "\n\n")
		if bad != nil || !ok {
			continue
		}
		if head, bad := parseHead(text+"\n", signed); bad == nil {
			h.newest = head
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("TRAIL_HEADS: %w", err), f.Close())
	}
	return h, nil
}

func lastByte(f *os.File) (byte, error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return '\n', err
	}
	var b [1]byte
	_, err = f.ReadAt(b[:], size-1)
	return b[0], err
}

// Append implements Heads: the head is on the disk when it returns.
func (h *headsFile) Append(head Head) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	size, err := h.f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	_, err = h.f.WriteString(strconv.Quote(head.Signed) + "\n")
	if err == nil {
		err = h.f.Sync()
	}
	if err != nil {
		// Half a line (a full disk) must not spoil the next one.
		return errors.Join(err, h.f.Truncate(size))
	}
	h.newest = head
	return nil
}

func (h *headsFile) Newest() Head {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.newest
}

func (h *headsFile) Close() error { return h.f.Close() }

// headsSyslog hands heads to the system's log, which forwards them off the
// machine where it is told to. They cannot be read back from here: what was
// kept before this process began is not known to it.
type headsSyslog struct {
	mu     sync.Mutex
	w      *syslog.Writer
	newest Head
}

func (h *headsSyslog) Append(head Head) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.w.Notice(strconv.Quote(head.Signed)); err != nil {
		return err
	}
	h.newest = head
	return nil
}

func (h *headsSyslog) Newest() Head {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.newest
}

func (h *headsSyslog) Close() error { return h.w.Close() }

// unline takes the signed head out of a line of a heads file or of a system
// log's file: the quoted text, whatever stands before it.
func unline(line string) (string, error) {
	at := strings.IndexByte(line, '"')
	if at < 0 {
		return "", errors.New("no head in this line")
	}
	return strconv.Unquote(strings.TrimSpace(line[at:]))
}

// lines reads from the beginning of a file, whatever is appended meanwhile.
func lines(f io.ReaderAt) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		r := bufio.NewReader(io.NewSectionReader(f, 0, 1<<62))
		for {
			line, err := r.ReadString('\n')
			if strings.TrimSpace(line) != "" && !yield(line, nil) {
				return
			}
			if err != nil {
				if err != io.EOF {
					yield("", err)
				}
				return
			}
		}
	}
}

// Outside is a series of heads kept outside, in the order they were kept. An
// error stands for one that cannot be read or was not signed by the trail key.
type Outside = iter.Seq2[Head, error]

// ReadHeads reads a heads file, or the lines of a system log's file that hold
// heads, and checks every signature. It gives those that are there when it is
// called: a database read afterwards holds them, however busy its sealer is.
func ReadHeads(path string, verifier note.Verifier) (Outside, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", Printable(path))
	}
	return func(yield func(Head, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(Head{}, err)
			return
		}
		defer f.Close()
		n := 0
		for line, err := range lines(io.NewSectionReader(f, 0, info.Size())) {
			n++
			var signed string
			if err == nil {
				signed, err = unline(line)
			}
			var head Head
			if err == nil {
				head, err = OpenHead(signed, verifier)
			}
			if err != nil {
				err = fmt.Errorf("line %d: %w", n, err)
			}
			if !yield(head, err) {
				return
			}
		}
	}, nil
}
