package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/config"
	"guichet/portal/keys"
	"guichet/works"
	"guichet/works/payment"

	"github.com/stretchr/testify/require"
)

// C.4, D11 by command: a bank's file books a deposit once, however often it
// comes; a wrong one is refused with its line; an offer nobody answered lapses.
func TestPaymentsByCommand(t *testing.T) {
	dir, must := settled(t)
	require.Equal(t, payment.Example(), must("import", "payments", "--example").out)
	require.Contains(t, must("import", "payments", "--help").out, "bank_reference;entry_date;value_date;amount;communication")
	require.Equal(t, 2, guichet(t, dir, nil, "", "import", "payments").status)

	number, old := offeredWorks(t, dir, true), offeredWorks(t, dir, false)
	c, err := payment.CommunicationOf(number.Reveal())
	require.NoError(t, err)
	day := time.Now().In(portal.Brussels).Format(time.DateOnly)
	text := fmt.Sprintf("bank_reference;entry_date;value_date;amount;communication\nA;%s;;53,00;%s\nB;%s;;10,00;merci\ntotal;;;63,00;2\n", day, c, day)
	file := written(t, dir, "bank.csv", text)
	bad := guichet(t, dir, nil, "", "import", "payments", written(t, dir, "bad.csv", text+"C;x;;1,00;\n"))
	require.Equal(t, 1, bad.status)
	require.Contains(t, bad.err, "line 5")
	require.Contains(t, must("import", "payments", "--dry-run", file).out, "2 new")
	require.Contains(t, must("import", "payments", file).out, "booked         1, EUR 53.00; deposits covered: 1; waiting for an officer: 1")
	require.Contains(t, must("import", "payments", "--json", file).out, `"known":2`)
	require.Contains(t, must("daily").out, "offers for works lapsed: 1")
	require.Contains(t, must("daily").out, "offers for works lapsed: 0")
	require.NotContains(t, must("import", "payments", file).out, old.Reveal())
}

// offeredWorks makes a request with an offer of 106.00, accepted or run out.
func offeredWorks(t *testing.T, dir string, agreed bool) keys.Secret {
	t.Helper()
	ctx := context.Background()
	f, err := openFoundation(ctx, config.Settings{Dir: dir}.Default())
	require.NoError(t, err)
	defer f.store.Close()
	by := audit.Entry{Actor: portal.Actor{Kind: portal.Staff, ID: "wim"}, Channel: "desk"}
	made, err := f.works().Capture(ctx, by, works.Draft{Kind: "two-rate", Energy: "electricity", Requester: "person", Name: "Anna", Mail: "a@example.org",
		Language: "de", Channel: "mail", Street: "Rotenberg 12", Postcode: "4700", Town: "Eupen",
		Values: map[string]string{"ean": "54144901100000001" + string(portal.EANCheckDigit("54144901100000001"))}}, nil, "", "")
	require.NoError(t, err)
	move := func(who works.Turn, e works.Event, change func(*works.Request) error) {
		_, err := f.works().Move(ctx, by, made.Request.ID, who, e, "", change)
		require.NoError(t, err)
	}
	move(works.Operator, works.EventDraw, func(r *works.Request) error { r.StudyNotNeeded = true; return nil })
	now := f.clock()
	valid := now.AddDate(0, 3, 0)
	if !agreed {
		valid = now
	}
	move(works.Operator, works.EventOffer, func(r *works.Request) error {
		r.Offer = works.Offer{Version: 1, Said: true, Lines: [4]int64{0, 10_000, 0, 0}, VAT: 6, Percent: 50, Terms: "2026", SentAt: now, ValidTo: valid}
		return nil
	})
	if agreed {
		move(works.Requester, works.EventAccept, func(r *works.Request) error { r.Offer.AgreedAt = now; return nil })
	}
	return made.Request.Number
}
