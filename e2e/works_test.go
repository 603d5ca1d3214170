package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"guichet/e2e/rig"
	"guichet/works/payment/paymenttest"
)

// atWorks is a portal with what stands around a request for works: the mail
// server that its requester's mails go to, the operator's bank, and who lives
// where the works are.
func atWorks(t *testing.T, settings ...string) (p *rig.Portal, around map[string]any) {
	t.Helper()
	office := rig.OpenPostOffice(t)
	p = quick(t, append(settings, "SMTP="+office.URL, "MAILS_A_DAY=20")...) // weeks of mails on one day
	town := http.NewServeMux()
	town.HandleFunc("GET /mails/{to}/{n}", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.PathValue("n"))
		mails := office.Await(r.PathValue("to"), n, longer)
		keepSecret(p, mails)
		json.NewEncoder(w).Encode(mails)
	})
	town.HandleFunc("POST /coda", func(w http.ResponseWriter, r *http.Request) {
		coda, err := statement(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
		w.Write(coda)
	})
	s := httptest.NewServer(town)
	t.Cleanup(s.Close)

	lives := p.References[3]
	line := strings.Split(rig.SQL(t, p.File(), fmt.Sprintf(`SELECT name, street, postcode, town FROM occupancies WHERE ean = '%s' AND to_us = 0`, lives.EAN)), "|")
	require.Len(t, line, 4)
	return p, map[string]any{"town": s.URL, "partner": p.Partner, "works": p.Works, "site": map[string]string{"ean": lives.EAN, "lives": line[0], "street": line[1], "postcode": line[2], "town": line[3]}}
}

// keepSecret remembers what a receipt says, which must stand nowhere.
func keepSecret(p *rig.Portal, mails []rig.Mail) {
	if len(mails) == 0 {
		return
	}
	receipt := regexp.MustCompile(`(\d\d) (\d{4}) (\d{4})\n.*: (\d{6})\n`).FindStringSubmatch(mails[0].Plain)
	if receipt != nil {
		p.Secret("works number", strings.Join(receipt[1:4], ""))
		p.Secret("works code", receipt[4])
	}
}

// statement is the bank's file of one day: a transfer to the operator.
func statement(r *http.Request) ([]byte, error) {
	var told struct {
		Day, Number, Communication, Text, Reference string
		Cents                                       int64
	}
	if err := json.NewDecoder(r.Body).Decode(&told); err != nil {
		return nil, err
	}
	day, err := time.ParseInLocation(time.DateOnly, told.Day, brussels)
	if err != nil {
		return nil, err
	}
	in, err := paymenttest.Transfer(day, told.Cents, told.Reference, told.Communication, told.Text)
	if err != nil {
		return nil, err
	}
	in.Account, in.Name = "BE71096123456769", "ANNE SCHMITZ"
	return paymenttest.CODA(paymenttest.Statement{Account: "BE68539007547034", Number: told.Number, Day: day, Old: 1_000_00, Movements: []paymenttest.Movement{in}})
}

// steps are what happened to a request, in order; each must have left its entry
// in the trail (W4).
func steps(t *testing.T, p *rig.Portal, id string) string {
	t.Helper()
	all := rig.SQL(t, p.File(), fmt.Sprintf(`SELECT group_concat(event, ' ') FROM (SELECT event FROM works_steps WHERE request_id = '%s' AND event <> '' ORDER BY place)`, id))
	require.Equal(t, all, traced(t, p, id, "works.moved", "event"), "W4: a step left no entry")
	return all
}

// traced is a detail of a request's entries of one action, in their order.
func traced(t *testing.T, p *rig.Portal, id, action, detail string) string {
	t.Helper()
	entries := rig.SQL(t, p.File(), fmt.Sprintf(`SELECT group_concat(details, ' ') FROM (SELECT details FROM trail WHERE subject = 'works:%s' AND action = '%s' ORDER BY at_us)`, id, action))
	var all []string
	for _, m := range regexp.MustCompile(detail+`=(\S+)`).FindAllStringSubmatch(entries, -1) {
		all = append(all, m[1])
	}
	return strings.Join(all, " ")
}

// walked holds the trail against e2e/browser/works-walk.test.mjs: each of its
// steps left an entry, on the request and in its order, and every look another.
func walked(t *testing.T, p *rig.Portal) {
	t.Helper()
	id := rig.SQL(t, p.File(), `SELECT id FROM works WHERE mail LIKE 'aenne.schmitz@%'`)
	require.Equal(t, "study draw offer accept pay await resume plan plan start carry-out put-in-service close reopen plan start carry-out close reopen", steps(t, p, id))
	require.Equal(t, "phases", traced(t, p, id, "works.made", "kind"))
	require.Equal(t, "28832 28832", traced(t, p, id, "works.paid", "cents"))
	require.Equal(t, "asset invoice well asset invoice", traced(t, p, id, "works.noted", "what"))
	shown := traced(t, p, id, "works.shown", "page")
	require.Equal(t, 2, strings.Count(shown, "appointment"), "L18: %s", shown)
	for _, page := range []string{"offer.pdf", "offer.html"} {
		require.Contains(t, shown, page, "L18")
	}
	require.NotEmpty(t, traced(t, p, id, "works.read", "status"), "L19: the officer's looks")
}

// acted does the same for e2e/browser/works-acts.mjs, whose people also came to
// follow a request, ended that, and read its appointment in a calendar.
func acted(t *testing.T, p *rig.Portal) {
	t.Helper()
	of := func(kind string) string {
		return rig.SQL(t, p.File(), fmt.Sprintf(`SELECT id FROM works WHERE kind = '%s' AND mail NOT LIKE 'aenne.schmitz@%%'`, kind))
	}
	opening, meter, shared := of("opening"), of("smart-meter"), of("phases")
	require.Equal(t, "complete ask-missing complete prepare plan postpone plan postpone cancel", steps(t, p, opening))
	require.Equal(t, "complete prepare plan postpone cancel", steps(t, p, meter))
	require.Equal(t, "study draw offer decline", steps(t, p, shared))
	require.Equal(t, "consent consent code", traced(t, p, shared, "works.held", "way"))
	require.Len(t, strings.Fields(traced(t, p, shared, "works.let-go", "company")), 2)
	require.Equal(t, 1, strings.Count(traced(t, p, opening, "works.shown", "page"), "calendar"), "L18")
	for action, n := range map[string]string{"works.paper": "3", "works.feed-made": "1", "works.feed-ended": "1", "works.digest": "2", "payment.aside": "1"} {
		require.Equal(t, n, rig.SQL(t, p.File(), `SELECT count(*) FROM trail WHERE action = '`+action+`'`), action)
	}
}
