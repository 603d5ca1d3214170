package hook_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"guichet/mandates/hook"
	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"
)

// T27: only what is on the public internet may be dialled.
func TestT27PublicAddresses(t *testing.T) {
	for _, inner := range []string{
		"127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
		"100.64.0.1", "100.127.255.255", "224.0.0.1", "239.1.1.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1",
		"::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
		"::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:7f00::1", "2001:db8::1", "fec0::1",
	} {
		require.False(t, hook.Public(netip.MustParseAddr(inner)), inner)
	}
	for _, outer := range []string{"93.184.216.34", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:2800:220:1::1", "::ffff:93.184.216.34"} {
		require.True(t, hook.Public(netip.MustParseAddr(outer)), outer)
	}
	for _, address := range []string{"http://a.example/", "https://", "https://u:p@a.example/", "https://a.example/#x", "ftp://a.example",
		"https://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]:8443/", "//a.example", "https://a.example/" + strings.Repeat("x", 500)} {
		_, ok := hook.Address(address)
		require.False(t, ok, address)
	}
	_, ok := hook.Address("https://hooks.example:8443/a?b=c")
	require.True(t, ok)
}

// receiver is a hostile one: what it does is told by the path.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	heard []string // path and body
	signs []string
	hold  chan struct{}
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{hold: make(chan struct{})}
	r.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		r.mu.Lock()
		r.heard = append(r.heard, q.URL.Path+" "+string(body))
		r.signs = append(r.signs, q.Header.Get(hook.SignatureHeader))
		r.mu.Unlock()
		switch q.URL.Path {
		case "/redirect":
			http.Redirect(w, q, "/stolen", http.StatusTemporaryRedirect)
		case "/slow":
			select {
			case <-r.hold:
			case <-q.Context().Done():
			}
		case "/huge":
			for range 1 << 20 {
				if _, err := w.Write(make([]byte, 1<<10)); err != nil {
					return
				}
			}
		case "/heads":
			w.Header().Set("X-Much", strings.Repeat("x", 1<<20))
		case "/broken":
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(func() { close(r.hold); r.Close() })
	return r
}

func (r *receiver) roots() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(r.Certificate())
	return &tls.Config{RootCAs: pool}
}

func (r *receiver) told() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.heard...)
}

type desk struct {
	*hook.Service
	now   time.Time
	dsn   string
	store *store.Store
}

func newDesk(t *testing.T, b storetest.Backend, sender *hook.Sender) *desk {
	d := &desk{now: portal.Date(2026, 3, 2), dsn: b.DSN(t)}
	clock := func() time.Time { return d.now }
	d.store = storetest.Reopen(t, d.dsn, clock)
	d.Service = &hook.Service{Clock: clock, Runner: d.store, Store: d.store, Ring: storetest.Keys(t), Sender: sender}
	require.NoError(t, d.store.Do(t.Context(), func(t tx.Tx) error {
		return d.store.PutPartner(t, partner.Organisation{ID: "p", Name: "P", CompanyNumber: "0403170701", Status: partner.Approved, Language: portal.French, AskedAt: d.now})
	}))
	return d
}

func (d *desk) event(t *testing.T) {
	require.NoError(t, d.store.Do(t.Context(), func(t tx.Tx) error {
		return d.store.PutEvent(t, hook.Event{PartnerID: "p", Kind: hook.BatchDone, About: "b", At: d.now})
	}))
}

func (d *desk) register(t *testing.T, address string) keys.Secret {
	_, secret, err := d.Register(t.Context(), audit.Entry{Actor: portal.Actor{Kind: portal.Partner, ID: "key:k"}}, "p", address)
	require.NoError(t, err)
	return secret
}

func (d *desk) posts(t *testing.T, state string) int64 {
	return storetest.Number(t, d.dsn, `SELECT COUNT(*) FROM hook_posts WHERE status = $1`, state)
}

// T27 against a hostile receiver: what it does costs one try, leads nowhere
// else, and holds nobody up beyond the bound.
func TestT27HostileReceiver(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			r := newReceiver(t)
			near := func(netip.Addr) bool { return true } // the test's receiver is here
			d := newDesk(t, b, &hook.Sender{TLS: r.roots(), Allowed: near, Timeout: 2 * time.Second, Resolver: always(t, "127.0.0.1")})
			_, port, err := net.SplitHostPort(r.Listener.Addr().String())
			require.NoError(t, err)
			at := "https://example.com:" + port // the name on the test server's certificate
			secret := d.register(t, at+"/well")
			for _, path := range []string{"/redirect", "/slow", "/huge", "/heads"} {
				d.register(t, at+path)
			}
			_, _, err = d.Register(t.Context(), audit.Entry{}, "p", at+"/one-too-many")
			require.Equal(t, portal.Conflict, portal.CodeOf(err))
			d.event(t)
			n, err := d.Post(t.Context())
			require.NoError(t, err)
			require.Equal(t, 5, n)
			require.EqualValues(t, 2, d.posts(t, hook.Told), "the one that is well, and the huge one, whose body nobody read")
			require.EqualValues(t, 3, d.posts(t, hook.Waiting))
			require.Len(t, r.told(), 5)
			for i, heard := range r.told() {
				path, body, _ := strings.Cut(heard, " ")
				require.NotEqual(t, "/stolen", path, "a redirect is not followed")
				require.Regexp(t, `^\{"event":"[0-9a-z]{26}"\}$`, body, "a number and nothing else")
				if path == "/well" {
					require.Equal(t, hook.Sign(secret, d.now, []byte(body)), r.signs[i])
				}
			}
			n, err = d.Post(t.Context())
			require.NoError(t, err)
			require.Zero(t, n, "not before its time")
		})
	}
}

// Posts that fail wait longer each time, survive the process, and end.
func TestPostsAreTriedAgain(t *testing.T) {
	r := newReceiver(t)
	sender := &hook.Sender{TLS: r.roots(), Allowed: func(netip.Addr) bool { return true }, Resolver: always(t, "127.0.0.1")}
	d := newDesk(t, storetest.Backends(t)[0], sender)
	_, port, _ := net.SplitHostPort(r.Listener.Addr().String())
	d.register(t, "https://example.com:"+port+"/broken")
	d.event(t)
	var gaps []time.Duration
	last := d.now
	for d.posts(t, hook.Waiting) > 0 && len(gaps) < 20 {
		again := *d.Service // as a process that was started anew
		n, err := again.Post(t.Context())
		require.NoError(t, err)
		if n > 0 {
			gaps = append(gaps, d.now.Sub(last))
			last = d.now
		}
		next := storetest.Number(t, d.dsn, `SELECT MAX(next_us) FROM hook_posts`)
		d.now = portal.FromMicros(next)
	}
	require.Len(t, gaps, 10)
	for i := 2; i < len(gaps); i++ {
		require.GreaterOrEqual(t, gaps[i], gaps[i-1])
	}
	require.EqualValues(t, 1, d.posts(t, hook.GivenUp))
	require.Len(t, r.told(), 10)
}

// T27: the address that was judged is the one that is dialled. A name that is
// public when looked at and inner when dialled reaches nothing, nor does one
// that is inner from the beginning.
func TestT27Rebinding(t *testing.T) {
	r := newReceiver(t)
	_, port, _ := net.SplitHostPort(r.Listener.Addr().String())
	for name, resolver := range map[string]*net.Resolver{
		"inner":     always(t, "127.0.0.1"),
		"rebinding": always(t, "93.184.216.34", "127.0.0.1"),
		"mapped":    always(t, "::ffff:127.0.0.1"),
	} {
		t.Run(name, func(t *testing.T) {
			sender := &hook.Sender{TLS: r.roots(), Resolver: resolver, Timeout: 2 * time.Second}
			if name == "rebinding" { // what is public is not dialled from a test
				sender.Allowed = func(a netip.Addr) bool { return hook.Public(a) && a != netip.MustParseAddr("93.184.216.34") }
			}
			d := newDesk(t, storetest.Backends(t)[0], sender)
			d.register(t, "https://example.com:"+port+"/well")
			d.event(t)
			for range 3 {
				_, err := d.Post(t.Context())
				require.NoError(t, err)
				d.now = d.now.Add(time.Hour)
			}
			require.EqualValues(t, 1, d.posts(t, hook.Waiting))
			require.Empty(t, r.told(), "nothing was connected to")
		})
	}
}

// always resolves every name to addresses in turn, by a name server of its own.
func always(t *testing.T, addresses ...string) *net.Resolver {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	go func() {
		buffer := make([]byte, 1500)
		for asked := 0; ; {
			n, from, err := server.ReadFrom(buffer)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buffer[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			m.Response, m.Additionals = true, nil
			a := netip.MustParseAddr(addresses[min(asked, len(addresses)-1)])
			head := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}
			switch {
			case q.Type == dnsmessage.TypeA && a.Is4():
				m.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AResource{A: a.As4()}}}
				asked++
			case q.Type == dnsmessage.TypeAAAA && a.Is6():
				m.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}}}
				asked++
			}
			if packed, err := m.Pack(); err == nil {
				server.WriteTo(packed, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}
