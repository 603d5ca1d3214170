package payment_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/works/payment"
	"guichet/works/payment/paymenttest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// words are texts that no communication, account or blank hides in.
func words(t *rapid.T) string {
	return rapid.StringMatching(`[A-Za-zàéü€]{1,9}( [A-Za-zàéü€]{1,9}){0,13}`).Draw(t, "text")
}

func drawPayment(t *rapid.T) payment.Payment {
	day := func(name string) time.Time { return portal.Date(2026, 1, rapid.IntRange(1, 800).Draw(t, name)) }
	p := payment.Payment{
		Entry: day("entry"), Cents: rapid.Int64Range(1, 1e12).Draw(t, "cents"),
		Reference: rapid.StringMatching(`[A-Z0-9]{0,21}`).Draw(t, "reference"),
	}
	if rapid.Bool().Draw(t, "value known") {
		p.Value = day("value")
	}
	if rapid.Bool().Draw(t, "structured") {
		p.Communication, _ = payment.CommunicationOf(fmt.Sprintf("%010d", rapid.Int64Range(0, 9_999_999_999).Draw(t, "number")))
	} else {
		p.Text = words(t)
	}
	return p
}

// drawStatements gives a bank's file and what must be read from it.
func drawStatements(t *rapid.T) (written []paymenttest.Statement, want []payment.Statement) {
	for i := range rapid.IntRange(1, 3).Draw(t, "statements") {
		s := paymenttest.Statement{
			Account: ours, Number: fmt.Sprintf("%03d", i), Day: portal.Date(2026, 6, 1+i),
			Old: rapid.Int64Range(-1e12, 1e12).Draw(t, "old"), Again: rapid.Bool().Draw(t, "again"),
			Notice: rapid.SampledFrom([]string{"", "A NOTICE"}).Draw(t, "notice"),
		}
		w := payment.Statement{Account: ours, Day: s.Day, Number: s.Number, Again: s.Again}
		take := func(p payment.Payment, sequence, detail int) {
			p.ID = fmt.Sprintf("%s/%s/%s/%04d-%04d", ours, s.Day.Format(time.DateOnly), s.Number, sequence, detail)
			w.Payments = append(w.Payments, p)
		}
		for sequence := 1; sequence <= rapid.IntRange(0, 6).Draw(t, "movements"); sequence++ {
			m := paymenttest.Movement{Payment: drawPayment(t)}
			if rapid.Bool().Draw(t, "known") {
				m.Account, m.Name = theirs, "SOMEBODY"
				m.Street = rapid.SampledFrom([]string{"", "A STREET 1"}).Draw(t, "street")
			}
			switch rapid.IntRange(0, 4).Draw(t, "kind") {
			case 0: // a total of several transfers
				m.Code, m.Cents = "20150000", 0
				for detail := 1; detail <= rapid.IntRange(1, 3).Draw(t, "parts"); detail++ {
					d := paymenttest.Movement{Payment: drawPayment(t), Code: "60150000"}
					m.Cents += d.Cents
					m.Details = append(m.Details, d)
					take(d.Payment, sequence, detail)
				}
			case 1: // a transfer that cost something
				m.Code = "34150000"
				m.Details = []paymenttest.Movement{{Payment: drawPayment(t), Code: "84150100"}}
				take(m.Payment, sequence, 0)
			case 2: // what the operator spends
				m.Cents = -m.Cents
				w.Passed++
			case 3: // a payment taken back, known by its communication or by an officer
				m.Cents, m.Code = -m.Cents, "00149000"
				take(m.Payment, sequence, 0)
			default:
				take(m.Payment, sequence, 0)
			}
			s.Movements = append(s.Movements, m)
		}
		written, want = append(written, s), append(want, w)
	}
	return written, want
}

// What is written is read, whatever the movements; the same file read again
// gives the same IDs, no two alike; a file with one line lost (but a notice to
// all) or cut within a statement is refused as a whole.
func TestWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		statements, want := drawStatements(t)
		raw, err := paymenttest.CODA(statements...)
		require.NoError(t, err)
		got, err := payment.Read(bytes.NewReader(raw))
		require.NoError(t, err)
		require.Equal(t, want, got)

		seen := map[string]bool{}
		for _, s := range got {
			for _, p := range s.Payments {
				require.False(t, seen[p.ID], p.ID)
				seen[p.ID] = true
			}
		}

		lines := strings.SplitAfter(strings.TrimSuffix(string(raw), "\r\n"), "\r\n")
		i := rapid.IntRange(0, len(lines)-1).Draw(t, "lost")
		if !strings.HasPrefix(lines[i], "4") {
			refused(t, strings.Join(slices.Delete(slices.Clone(lines), i, i+1), ""))
		}
		if i > 0 && !strings.HasPrefix(lines[i], "0") {
			refused(t, strings.Join(lines[:i], ""))
		}
	})
}

// The same for our own CSV.
func TestWrittenIsReadCSV(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []payment.Payment
		for i := range rapid.IntRange(0, 6).Draw(t, "payments") {
			p := drawPayment(t)
			p.Reference = fmt.Sprintf("R%d%s", i, p.Reference)
			p.ID = "csv/" + p.Reference
			if rapid.Bool().Draw(t, "taken back") {
				p.Cents = -p.Cents
			}
			all = append(all, p)
		}
		raw := paymenttest.CSV(all...)
		got, err := payment.Read(bytes.NewReader(raw))
		require.NoError(t, err)
		require.Equal(t, []payment.Statement{{Payments: all}}, got)

		lines := strings.SplitAfter(strings.TrimSuffix(string(raw), "\n"), "\n")
		if i := rapid.IntRange(1, len(lines)-1).Draw(t, "lost"); len(all) > 0 {
			refused(t, strings.Join(slices.Delete(lines, i, i+1), ""))
		}
	})
}

// Whatever bytes come, the reader answers: with statements whose payments can
// be booked, or with lines to correct.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"testdata/statements.cod", "testdata/payments.csv"} {
		raw, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(raw)
		f.Add(raw[:len(raw)/2])
		f.Add(bytes.ReplaceAll(raw, []byte("0"), []byte("é")))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := payment.Read(bytes.NewReader(raw))
		var r *payment.Refused
		if errors.As(err, &r) {
			require.Nil(t, got)
			require.NotEmpty(t, r.Error())
			for _, l := range r.Lines {
				require.Positive(t, l.Line)
				require.NotEmpty(t, l.Reason)
			}
			return
		}
		require.NoError(t, err)
		for _, s := range got {
			for _, p := range s.Payments {
				require.True(t, p.ID != "" && p.Cents != 0 && !p.Entry.IsZero())
				require.True(t, p.Communication == "" || p.Text == "")
			}
		}
	})
}
