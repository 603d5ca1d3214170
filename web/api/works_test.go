package api_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/evidence"
	"guichet/portal/store/storetest"
	"guichet/web"
	"guichet/web/api"
	"guichet/works"
)

// doorsOf lets the test close the door.
type doorsOf struct{ shut error }

func (d *doorsOf) Open(context.Context, string) error { return d.shut }

// shelf keeps files as package evidence does, without looking into them.
type shelf struct {
	list  []evidence.File
	bytes map[string][]byte
}

func (s *shelf) Take(_ context.Context, by audit.Entry, up evidence.Upload) (evidence.File, error) {
	content, err := io.ReadAll(up.Body)
	if !strings.HasPrefix(string(content), "%PDF-") {
		err = &portal.Error{Code: portal.Invalid, Key: "evidence.type"}
	}
	sum := sha256.Sum256(content)
	f := evidence.File{ID: up.Name, Subject: up.Subject, Type: evidence.PDF, Hash: sum[:], Status: evidence.Quarantined, AddedBy: by.Actor.ID}
	if err == nil {
		s.list, s.bytes[f.ID] = append(s.list, f), content
	}
	return f, err
}

func (s *shelf) List(context.Context, string) ([]evidence.File, error) { return s.list, nil }

func (s *shelf) Open(_ context.Context, _ audit.Entry, _, id string) (evidence.File, []byte, error) {
	for _, f := range s.list {
		if f.ID == id && f.Cleared() {
			return f, s.bytes[id], nil
		}
	}
	return evidence.File{}, nil, &portal.Error{Code: portal.Conflict, Key: "evidence.waiting"}
}

// D13: the works system by its interface: known by its certificate alone, it says
// where requests stand, once; it reads a request unmasked, with an entry for each
// reading (L18); and what happened on the portal comes out in order, once each.
func TestD13TheWorksSystemsInterface(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			now := time.Date(2026, 4, 20, 9, 0, 0, 0, portal.Brussels)
			clock := func() time.Time { return now }
			dsn := b.DSN(t)
			s := storetest.Reopen(t, dsn, clock)
			ring := storetest.Keys(t)
			svc := &works.Service{Clock: clock, Runner: s, Store: s, Ring: ring, Master: works.External}
			files := &shelf{bytes: map[string][]byte{}}
			mine, theirs := &x509.Certificate{Raw: []byte("the works system's")}, &x509.Certificate{Raw: []byte("a partner's")}
			doors := &doorsOf{}
			handler, _, err := api.New(api.Deps{Clock: clock, Log: slog.New(slog.DiscardHandler), Doors: doors, Limits: web.NewCounters(clock, 1000), Ring: ring,
				Quotas: api.Quotas{AMinute: 200, ADay: 1000, StrangersAMinute: 8}, BaseURL: "https://portal.example", Operator: "ORES",
				Observe: func(string, string, int, time.Duration) {},
				Works:   api.WorksDeps{Feed: &works.Feed{Service: svc, Terms: "2026-01"}, Papers: files, Certificates: []string{api.FingerprintOf(strings.ToUpper(partner.Fingerprint(mine)))}}})
			require.NoError(t, err)
			ask := func(cert *x509.Certificate, method, path, body string) answer {
				t.Helper()
				r := httptest.NewRequestWithContext(t.Context(), method, "https://portal.example"+api.WorksPrefix+path, strings.NewReader(body))
				r.TLS = nil
				if cert != nil {
					r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{cert}, VerifiedChains: [][]*x509.Certificate{{cert}}}
				}
				r.Header.Set("Content-Type", map[bool]string{true: "application/octet-stream", false: "application/json"}[strings.Contains(path, "/documents/")])
				r.Header.Set("Accept-Language", "en")
				rec := httptest.NewRecorder()
				handler.ServeHTTP(rec, r)
				text, err := io.ReadAll(rec.Result().Body)
				require.NoError(t, err)
				return answer{rec.Result(), string(text)}
			}
			count := func(query string, args ...any) int64 { t.Helper(); return storetest.Number(t, dsn, query, args...) }

			made, err := svc.Capture(t.Context(), audit.Entry{Actor: portal.Actor{Kind: portal.Partner, ID: "p"}, Channel: "api"}, works.Draft{Kind: "drop", Energy: "electricity", Requester: "supplier",
				Name: "Énergie SA", Mail: "x@example.org", Language: "fr", Channel: "mail", CompanyNumber: "0403170701", Street: "Rue 1", Postcode: "5000", Town: "Namur",
				Values: map[string]string{"ean": "541499000000123455"}}, nil, "", "p1")
			require.NoError(t, err)
			id, number := made.Request.ID, made.Request.Number.Reveal()

			for _, one := range [][2]string{{"PUT", "/reports"}, {"GET", "/requests/" + id}, {"GET", "/events"}} {
				for _, cert := range []*x509.Certificate{nil, theirs} {
					a := ask(cert, one[0], one[1], `{}`)
					require.Equal(t, http.StatusForbidden, a.StatusCode, one)
					require.Contains(t, a.body, "urn:guichet:problem:denied")
					require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
				}
			}
			doors.shut = &portal.Error{Code: portal.Unavailable, Key: "door"}
			require.Equal(t, http.StatusServiceUnavailable, ask(mine, "GET", "/events", "").StatusCode)
			doors.shut = nil

			var events struct {
				Events []struct{ Kind, Request string }
				Next   string
			}
			kinds := func(cursor string) (all []string) {
				t.Helper()
				a := ask(mine, "GET", "/events?cursor="+cursor, "")
				require.Equal(t, http.StatusOK, a.StatusCode, a.body)
				events.Events = nil
				a.get(t, &events)
				for _, e := range events.Events {
					require.Equal(t, id, e.Request)
					all = append(all, e.Kind)
				}
				return all
			}
			require.Equal(t, []string{"captured"}, kinds(""))
			first := events.Next
			require.EqualValues(t, 1, count(`SELECT COUNT(*) FROM trail WHERE action = 'works.read' AND details LIKE '%events%'`), "L18")
			require.Empty(t, kinds(first))
			require.Equal(t, first, events.Next)
			require.EqualValues(t, 1, count(`SELECT COUNT(*) FROM trail WHERE action = 'works.read'`), "nothing was told")

			var read struct {
				Number    string
				Request   struct{ Kind string }
				Documents []struct{ ID, ExternalID, Status string }
			}
			a := ask(mine, "GET", "/requests/"+id, "")
			a.get(t, &read)
			require.Equal(t, number, read.Number)
			require.Equal(t, "drop", read.Request.Kind, "D12 does not mask for the operator's own")
			require.NotContains(t, a.body, made.Code.Reveal(), "the code is nobody's but the requester's")
			require.EqualValues(t, 1, count(`SELECT COUNT(*) FROM trail WHERE action = 'works.read' AND subject = $1`, works.Subject(id)), "L18")
			require.Equal(t, http.StatusNotFound, ask(mine, "GET", "/requests/nobody", "").StatusCode)

			now = now.Add(48 * time.Hour)
			report := `{"reports":[{"number":"` + number + `","external_id":"OT-1","status":"studied","since":"2026-04-21T10:00:00+02:00"},` +
				`{"external_id":"OT-1","status":"preparing","since":"2026-04-21T11:00:00+02:00","team":"Est"},` +
				`{"external_id":"OT-1","status":"planned","since":"2026-04-21T12:00:00+02:00","day":"2026-05-04","half":"afternoon"}]}`
			a = ask(mine, "PUT", "/reports", report)
			require.Equal(t, http.StatusOK, a.StatusCode, a.body)
			require.JSONEq(t, `{"new":0,"moved":3,"noted":0,"unchanged":0,"older":0,"cancelled":0,"made":[]}`, a.body)
			require.JSONEq(t, `{"new":0,"moved":0,"noted":0,"unchanged":1,"older":2,"cancelled":0,"made":[]}`, ask(mine, "PUT", "/reports", report).body, "idempotent")
			require.EqualValues(t, 3, count(`SELECT COUNT(*) FROM trail WHERE action = 'works.moved' AND channel = 'api'`))
			require.Empty(t, kinds(first), "what it told is not told to it")
			bad := ask(mine, "PUT", "/reports", `{"reports":[{"external_id":"OT-1","status":"closed","since":"2026-04-22T08:00:00+02:00","result":"x"},{"external_id":"OT-7","status":"studied","since":"2026-04-22T08:00:00+02:00"}]}`)
			require.Equal(t, http.StatusUnprocessableEntity, bad.StatusCode)
			for _, field := range []string{"reports[0].asset_at", "reports[0].invoiced_at", "reports[1].external_id"} {
				require.Contains(t, bad.body, field)
			}
			for _, foreign := range []string{`{"reports":[{"external_id":"OT-1","status":"working","since":"2026-04-22T08:00:00+02:00","birth_date":"1950-01-01"}]}`,
				`{"reports":[{"external_id":"OT-5","status":"received","since":"2026-04-22T08:00:00+02:00","request":{"kind":"two-rate","energy":"electricity","requester":"person","name":"A","mail":"a@example.org","language":"fr","channel":"mail","street":"R 1","postcode":"5000","town":"N","values":{"ean":"541499000000123455","iban":"BE1"}}}]}`} {
				require.Equal(t, http.StatusUnprocessableEntity, ask(mine, "PUT", "/reports", foreign).StatusCode, "W13")
			}
			require.EqualValues(t, 1, count(`SELECT COUNT(*) FROM works`))
			// W13: whichever way a field came, its name is traced, what it holds is not.
			require.Equal(t, http.StatusUnprocessableEntity, ask(mine, "PUT", "/reports", `{"reports":[{"external_id":"OT-1","status":"working","since":"2026-04-22T08:00:00+02:00",`+
				`"National Number 1950":1,"offer":{"lines_cents":[0,0,0,0],"study_cents":0,"vat":21,"household":4}}],"comment":"x"}`).StatusCode)
			require.Equal(t, http.StatusUnprocessableEntity, ask(mine, "GET", "/events?income=1950", "").StatusCode)
			for _, fields := range []string{"birth_date", "iban", "(unreadable) comment household", "income"} {
				require.EqualValues(t, 1, count(`SELECT COUNT(*) FROM trail WHERE action = 'works.foreign' AND channel = 'api' AND actor_id = 'works-system' AND details LIKE '%'||$1||'%'`, fields), fields)
			}
			require.Zero(t, count(`SELECT COUNT(*) FROM trail WHERE details LIKE '%1950%' OR details LIKE '%BE1%'`))
			storetest.Exec(t, dsn, `ALTER TABLE trail_waiting RENAME TO trail_gone`)
			require.Equal(t, http.StatusServiceUnavailable, ask(mine, "PUT", "/reports", `{"reports":[],"comment":"x"}`).StatusCode, "nothing is told that could not be traced")
			storetest.Exec(t, dsn, `ALTER TABLE trail_gone RENAME TO trail_waiting`)

			paper := "%PDF- the offer"
			for range 2 {
				a = ask(mine, "PUT", "/requests/"+id+"/documents/OT-1.offer?kind=other", paper)
				require.Equal(t, http.StatusNoContent, a.StatusCode, a.body)
			}
			require.EqualValues(t, 1, count(`SELECT COUNT(*) FROM works_papers`), "idempotent")
			require.Equal(t, http.StatusConflict, ask(mine, "PUT", "/requests/"+id+"/documents/OT-1.offer?kind=other", paper[:len(paper)-1]).StatusCode)
			require.Equal(t, http.StatusUnprocessableEntity, ask(mine, "PUT", "/requests/"+id+"/documents/x?kind=other", "hello").StatusCode)
			ask(mine, "GET", "/requests/"+id, "").get(t, &read)
			require.Len(t, read.Documents, 1)
			require.Equal(t, "quarantined", read.Documents[0].Status)
			path := "/requests/" + id + "/documents/" + read.Documents[0].ID
			require.NotEqual(t, http.StatusOK, ask(mine, "GET", path, "").StatusCode, "nobody has cleared it")
			files.list[0].Status = evidence.Released
			a = ask(mine, "GET", path, "")
			require.Equal(t, http.StatusOK, a.StatusCode, a.body)
			require.Equal(t, paper, a.body)
			require.Equal(t, "application/pdf", a.Header.Get("Content-Type"))

			household := audit.Entry{Actor: portal.Actor{Kind: portal.Household}, Channel: "web"}
			require.NoError(t, svc.Note(t.Context(), household, id, "user-agrees", func(r *works.Request) error { r.UserAgreedAt = now; return nil }))
			_, err = svc.Move(t.Context(), household, id, works.Requester, works.EventCancel, "", nil)
			require.NoError(t, err)
			require.Equal(t, []string{"user-agrees", "cancel"}, kinds(first))
			require.JSONEq(t, `{"new":0,"moved":0,"noted":0,"unchanged":0,"older":0,"cancelled":1,"made":[]}`,
				ask(mine, "PUT", "/reports", `{"reports":[{"external_id":"OT-1","status":"working","since":"2026-04-22T08:30:00+02:00"}]}`).body)

			svc.Master = works.InPortal
			require.Equal(t, http.StatusConflict, ask(mine, "PUT", "/reports", report).StatusCode)
			last := ask(nil, "GET", "/events", "").StatusCode
			for range 9 {
				last = ask(nil, "GET", "/events", "").StatusCode
			}
			require.Equal(t, http.StatusTooManyRequests, last, "strangers are counted")
		})
	}
}

// The works system's document knows the statuses and documents that there are.
func TestTheWorksSystemsDocument(t *testing.T) {
	handler, partners, err := api.New(api.Deps{Clock: time.Now, Log: slog.New(slog.DiscardHandler), Limits: web.NewCounters(time.Now, 10), Ring: storetest.Keys(t),
		BaseURL: "https://portal.example", Operator: "ORES", Observe: func(string, string, int, time.Duration) {}})
	require.NoError(t, err)
	for path := range partners.Paths {
		require.NotContains(t, path, "works-system", "no operation of it stands in the partners' document")
	}
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), "GET", api.WorksPrefix+"/openapi.json", nil))
	var document struct {
		Paths      map[string]map[string]any
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct{ Enum []any }
			}
		}
	}
	require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &document))
	require.Len(t, document.Paths, 4)
	var all []any
	for _, s := range works.Statuses {
		all = append(all, string(s))
	}
	require.Equal(t, all, document.Components.Schemas["Report"].Properties["status"].Enum)
}
