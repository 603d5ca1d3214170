package web

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/doors"
	"guichet/portal/keys"
	"guichet/portal/metering"
	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"
	"guichet/works"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
	"github.com/ulule/limiter/v3"
	"github.com/ulule/limiter/v3/drivers/store/memory"
)

// house is the rooms behind the web, as far as its pages need them: one known
// reference, a gate that counts, visits with an end, a trail.
type house struct {
	mu       sync.Mutex
	now      time.Time
	ring     *keys.Ring
	compared int
	failures map[string]int
	posted   map[string]lookup.Outcome
	answers  map[string]string
	sessions map[string][]lookup.Pass
	trail    []audit.Entry
	shut     error
	ask      lookup.Ask
	full     bool         // a limit refuses every try
	claim    lookup.Claim // the last one that was posted
	closed   map[doors.Door]bool
	series   func() metering.Series
	asked    []portal.EAN               // who a letter was asked for
	stay     string                     // the occupancy that knownReference opens
	refuse   error                      // why detail can't be chosen
	numbers  map[string]storetest.Known // works requests by number (D10)
}

const (
	knownReference = "48210937556086"
	knownDigits    = "6616"
)

func newHouse(t *testing.T) *house {
	ring, err := keys.Create(filepath.Join(t.TempDir(), "keys"))
	require.NoError(t, err)
	return &house{now: fixtureNow, ring: ring, failures: map[string]int{}, posted: map[string]lookup.Outcome{},
		answers: map[string]string{}, sessions: map[string][]lookup.Pass{}, series: electricityMonths, stay: "occ-1"}
}

func (h *house) clock() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now }

func (h *house) pass(seconds int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(time.Duration(seconds) * time.Second)
}

func (h *house) Draw(context.Context) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.shut != nil {
		return "", h.shut
	}
	id := portal.Token()
	h.answers[id] = "123456"
	return id, nil
}

func (h *house) Picture(_ context.Context, id string) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.answers[id]; !ok {
		return nil, &portal.Error{Code: portal.NotFound, Key: "captcha.old"}
	}
	return []byte("\x89PNG"), nil
}

func (h *house) Sound(ctx context.Context, id string, lang portal.Language) ([]byte, error) {
	if _, err := h.Picture(ctx, id); err != nil {
		return nil, err
	}
	return []byte("RIFF " + lang), nil
}

func (h *house) Ask(ctx context.Context, c lookup.Claim) (lookup.Ask, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ctx.Err() != nil { // as the state and the store answer
		return lookup.Ask{}, portal.Shut("state", ctx.Err())
	}
	if c.Number != "" || c.Source == "" {
		return lookup.Ask{}, errors.New("only who asks")
	}
	return h.ask, h.shut
}

// proofs is the house's proofs of work, which nobody has to solve.
type proofs struct{ *house }

func (w proofs) Draw(_ context.Context, form string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Replace(fixtureWork, "fixture?", "for-"+form+"?", 1), w.shut
}

// noRequests is a store in which nobody made a request for works.
type noRequests struct{ works.Store }

func (noRequests) WorksOfOccupancy(context.Context, string) ([]works.Request, error) {
	return nil, nil
}

func (noRequests) AnyWorksOf(context.Context, []string) (bool, error) { return false, nil }

// shutters are the doors: open but for those in closed; nobody can tell where
// the house is shut.
type shutters struct{ *house }

func (s shutters) Open(ctx context.Context, door string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return portal.Shut("store", ctx.Err())
	}
	if s.shut != nil {
		return s.shut
	}
	if s.closed[doors.Door(door)] {
		return &portal.Error{Code: portal.Unavailable, Key: "closed"}
	}
	return nil
}

// Open is the gate's contract in small: captcha first, one use; three
// failures close a reference, known or not.
func (h *house) Open(_ context.Context, c lookup.Claim) (lookup.Outcome, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.claim = c
	if h.shut != nil {
		return lookup.Outcome{}, h.shut
	}
	if h.full {
		return lookup.Outcome{NotCounted: true}, nil
	}
	form := strings.Join([]string{c.Form, c.Number.Reveal(), c.Digits.Reveal(), c.CaptchaID, c.Captcha.Reveal()}, "|")
	if again, ok := h.posted[form]; ok {
		return again, nil
	}
	answer, live := h.answers[c.CaptchaID]
	delete(h.answers, c.CaptchaID)
	number, err := registry.ParseReference(c.Number)
	if c.Kind == lookup.ByWorks {
		number, err = c.Number, nil
		if clean, ok := registry.CleanDigits(number); !ok || len(clean) != works.NumberLength {
			err = &portal.Error{Code: portal.Invalid, Key: "number.length", Field: "number"}
		}
	}
	var problems lookup.Problems
	if err != nil {
		problems = append(problems, err.(*portal.Error))
	}
	if !live || !c.Captcha.Equal(keys.Secret(answer)) {
		problems = append(problems, &portal.Error{Code: portal.Invalid, Key: "captcha.wrong", Field: "captcha"})
	}
	if len(problems) > 0 {
		return lookup.Outcome{}, problems
	}
	h.compared++
	key, visit := number.Reveal(), lookup.Visit{ID: portal.Token(), OccupancyID: h.stay, OpenedAt: h.now, EndsAt: h.now.Add(lookup.VisitLife)}
	right := key == knownReference && c.Digits == knownDigits
	if c.Kind == lookup.ByWorks {
		k, known := h.numbers[key]
		right = known && c.Digits.Equal(k.Digits)
		visit.OccupancyID, visit.ReferenceKey = k.OccupancyID, k.Key
	}
	if h.failures[key] >= 3 || !right {
		h.failures[key]++
		h.posted[form] = lookup.Outcome{}
		return lookup.Outcome{}, nil
	}
	outcome := lookup.Outcome{Opened: true, Visit: visit}
	h.posted[form] = outcome
	return outcome, nil
}

// Take is a challenge's one use.
func (h *house) Take(_ context.Context, id string, answer keys.Secret) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	want, live := h.answers[id]
	delete(h.answers, id)
	if !live || !answer.Equal(keys.Secret(want)) {
		return &portal.Error{Code: portal.Invalid, Key: "captcha.wrong", Field: "captcha"}
	}
	return nil
}

// mailbox is where the house keeps requests for letters.
type mailbox struct{ *house }

func (h mailbox) Ask(_ context.Context, ean portal.EAN) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.shut != nil {
		return h.shut
	}
	h.asked = append(h.asked, ean)
	return nil
}

func (h *house) Admit(_ context.Context, current keys.Secret, visit lookup.Visit) (keys.Secret, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	token := portal.Token()
	passes := h.sessions[current.Reveal()]
	delete(h.sessions, current.Reveal())
	if visit.ReferenceKey != "" {
		h.sessions[token] = append(passes, lookup.Pass{Visit: visit, Nth: len(passes) + 1, Works: visit.OccupancyID})
		return keys.Secret(token), nil
	}
	h.sessions[token] = append(passes, lookup.Pass{Visit: visit, Nth: len(passes) + 1,
		Occupancy: registry.Occupancy{ID: visit.OccupancyID, Period: portal.Period{From: portal.Date(2024, time.March, 1)}},
		Point:     registry.AccessPoint{EAN: fixtureEAN, Energy: portal.Electricity}, Meter: registry.Meter{Number: "1SAG110007" + knownDigits}})
	return keys.Secret(token), nil
}

func (h *house) Resume(_ context.Context, token keys.Secret) (lookup.Session, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	passes := h.sessions[token.Reveal()]
	if len(passes) == 0 || !h.now.Before(passes[0].Visit.EndsAt) {
		return lookup.Session{}, &portal.Error{Code: portal.SignedOut, Key: "session.over"}
	}
	s := lookup.Session{IdleEndsAt: h.now.Add(lookup.IdleLife), EndsAt: passes[0].Visit.EndsAt}
	for _, p := range passes {
		if p.Works != "" {
			s.Works = append(s.Works, p)
		} else {
			s.Passes = append(s.Passes, p)
		}
	}
	return s, nil
}

func (h *house) Extend(ctx context.Context, token keys.Secret) (lookup.Session, error) {
	return h.Resume(ctx, token)
}

func (h *house) Leave(_ context.Context, token keys.Secret) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sessions, token.Reveal())
	return nil
}

func (h *house) Cancel(_ context.Context, p lookup.Pass) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for token, passes := range h.sessions {
		h.sessions[token] = slices.DeleteFunc(passes, func(one lookup.Pass) bool { return one.Visit.ReferenceKey == p.Visit.ReferenceKey })
	}
	return nil
}

func (h *house) Series(context.Context, registry.AccessPoint, registry.Occupancy, metering.Query) (metering.Series, error) {
	return h.series(), nil
}

// Choose and Withdraw are a choice that is made at once; refuse is what the
// room says to it.
func (h *house) Choose(context.Context, string, string) error   { return h.choice(h.clock()) }
func (h *house) Withdraw(context.Context, string, string) error { return h.choice(time.Time{}) }

func (h *house) choice(from time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refuse != nil {
		return h.refuse
	}
	for _, passes := range h.sessions {
		for i := range passes {
			passes[i].Occupancy.DetailFrom = from
		}
	}
	return nil
}

type entries struct{ list []audit.Entry }

func (e *entries) Record(a audit.Entry) { e.list = append(e.list, a) }
func (e *entries) Send(outbox.Letter)   {}

func (h *house) Do(_ context.Context, fn func(tx.Tx) error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.shut != nil {
		return h.shut
	}
	e := &entries{}
	if err := fn(e); err != nil {
		return err
	}
	h.trail = append(h.trail, e.list...)
	return nil
}

func (h *house) deps(t *testing.T) PublicDeps {
	common := testCommon(h.clock)
	common.Ring = h.ring
	return PublicDeps{Follow: FollowDeps{Room: &works.Service{Store: noRequests{}}}, Common: common, Doors: shutters{h}, Gate: h, Challenges: h, Proofs: proofs{h}, Visits: h, Devices: lookup.NewDevices(h.ring, h.clock),
		History: h, Choices: h, Captchas: CaptchaRates{30, 300}, Letters: LetterDeps{Requests: mailbox{h}, Solver: h, ADay: 5, ADayNetwork: 30, ADayAll: 2000, WorkingDays: 3}, Runner: h, Limits: memory.NewStoreWithOptions(limiter.StoreOptions{Prefix: t.Name()})}
}

// browser is one person's browser at the public listener.
type browser struct {
	t      *testing.T
	h      *house
	server *httptest.Server
	client *http.Client
}

func open(t *testing.T, h *house, change ...func(*PublicDeps)) *browser {
	t.Helper()
	deps := h.deps(t)
	for _, c := range change {
		c(&deps)
	}
	handler, err := NewPublic(deps)
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return (&browser{t: t, h: h, server: server}).another()
}

// another is a second person's browser at the same portal.
func (b *browser) another() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(b.t, err)
	client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &browser{t: b.t, h: b.h, server: b.server, client: client}
}

type answer struct {
	*http.Response
	body string
	doc  *goquery.Document
}

func (b *browser) do(r *http.Request) answer {
	b.t.Helper()
	res, err := b.client.Do(r)
	require.NoError(b.t, err)
	defer res.Body.Close()
	var text strings.Builder
	buffer := make([]byte, 64<<10)
	for {
		n, err := res.Body.Read(buffer)
		text.Write(buffer[:n])
		if err != nil {
			break
		}
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(text.String()))
	require.NoError(b.t, err)
	return answer{res, text.String(), doc}
}

func (b *browser) get(path string) answer {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodGet, b.server.URL+path, nil)
	require.NoError(b.t, err)
	return b.do(r)
}

func (b *browser) post(path string, form url.Values) answer {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodPost, b.server.URL+path, strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

// form fetches the gate and fills it in.
func (b *browser) form(reference, digits, captcha string) url.Values {
	b.t.Helper()
	page := b.get("/fr/lookup")
	require.Equal(b.t, http.StatusOK, page.StatusCode)
	hidden := func(name string) string { return page.doc.Find("input[name="+name+"]").AttrOr("value", "") }
	return url.Values{"reference": {reference}, "digits": {digits}, "captcha": {captcha},
		"captcha_id": {hidden("captcha_id")}, "form": {hidden("form")}}
}

func (b *browser) try(reference, digits string) answer {
	b.t.Helper()
	return b.post("/fr/lookup", b.form(reference, digits, "123456"))
}

func with(form url.Values, name string, values ...string) url.Values {
	form = maps.Clone(form)
	form[name] = values
	return form
}
