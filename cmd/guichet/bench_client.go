package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"

	"guichet/portal/keys"
)

// leanClient posts forms over one kept connection and reads little: on two
// cores shared with the server, a full HTTP client would be half of what is
// measured.
type leanClient struct {
	conn   net.Conn
	read   *bufio.Reader
	host   string
	buffer bytes.Buffer
	page   []byte // the last answer's body
	cookie string // the visit's, once a gate has let in
	source int64  // number of the address it comes from
	posts  int
}

func dialLean(address string) (*leanClient, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &leanClient{conn: conn, read: bufio.NewReaderSize(conn, 32<<10), host: address}, nil
}

func (c *leanClient) close() { _ = c.conn.Close() }

// dialAll opens a connection for each caller; end closes them.
func dialAll(address string, callers int) (clients []*leanClient, end func(), err error) {
	end = func() {
		for _, c := range clients {
			c.close()
		}
	}
	for range callers {
		c, err := dialLean(address)
		if err != nil {
			end()
			return nil, nil, err
		}
		clients = append(clients, c)
	}
	return clients, end, nil
}

// get asks for a page with the visit's cookie.
func (c *leanClient) get(path string) (status int, err error) {
	return c.askAs(http.MethodGet, path, "", "")
}

// askAs asks for what a program asks for with a key, or a person in their visit
// where there is none.
func (c *leanClient) askAs(method, path string, key keys.Secret, body string) (status int, err error) {
	c.buffer.Reset()
	fmt.Fprintf(&c.buffer, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, c.host)
	if key != "" {
		fmt.Fprintf(&c.buffer, "Authorization: Bearer %s\r\n", key.Reveal())
	} else {
		fmt.Fprintf(&c.buffer, "Cookie: %s\r\n", c.cookie)
	}
	if body != "" {
		fmt.Fprintf(&c.buffer, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	c.buffer.WriteString("\r\n" + body)
	return c.answer()
}

// post sends an encoded form as from an address behind this proxy, keeps the
// answer's body as page and its last cookie, and returns the status.
func (c *leanClient) post(path, from, form string) (status int, err error) {
	c.buffer.Reset()
	fmt.Fprintf(&c.buffer, "POST %s HTTP/1.1\r\nHost: %s\r\nX-Forwarded-For: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
		path, c.host, from, len(form), form)
	return c.answer()
}

// answer sends what is in the buffer and reads what comes back.
func (c *leanClient) answer() (status int, err error) {
	if _, err := c.conn.Write(c.buffer.Bytes()); err != nil {
		return 0, err
	}
	line, err := c.read.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if fields := bytes.Fields(line); len(fields) > 1 {
		status, err = strconv.Atoi(string(fields[1]))
	}
	if err != nil {
		return 0, err
	}
	length := -1
	for {
		line, err := c.read.ReadSlice('\n')
		if err != nil {
			return status, err
		}
		if len(line) <= 2 {
			break
		}
		switch name, value, _ := bytes.Cut(line, []byte(":")); {
		case bytes.EqualFold(name, []byte("content-length")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return status, err
			}
		case bytes.EqualFold(name, []byte("set-cookie")):
			cookie, _, _ := bytes.Cut(bytes.TrimSpace(value), []byte(";"))
			if name, _, _ := bytes.Cut(cookie, []byte("=")); bytes.HasSuffix(name, []byte("guichet-visit")) {
				c.cookie = string(cookie)
			}
		}
	}
	if length < 0 { // a long one of the API, which goes out in parts
		if c.page, err = io.ReadAll(httputil.NewChunkedReader(c.read)); err == nil {
			_, err = c.read.ReadSlice('\n')
		}
		return status, err
	}
	if cap(c.page) < length {
		c.page = make([]byte, length)
	}
	c.page = c.page[:length]
	_, err = io.ReadFull(c.read, c.page)
	return status, err
}

// field finds the value of a form field in the page, "" where it is not there.
func (c *leanClient) field(name string) string {
	_, rest, ok := bytes.Cut(c.page, []byte(`name="`+name+`" value="`))
	if !ok {
		return ""
	}
	value, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(value)
}
