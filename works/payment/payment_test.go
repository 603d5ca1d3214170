package payment_test

import (
	"bytes"
	"errors"
	"flag"
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
)

var update = flag.Bool("update", false, "write testdata anew")

// ours is the operator's account; theirs belongs to nobody and must appear
// nowhere behind the reader.
const ours, theirs = "BE71096123456769", "BE68539007547034"

func on(month time.Month, day int) time.Time { return portal.Date(2026, month, day) }

func payment1(cents int64, c payment.Communication, text string) payment.Payment {
	return payment.Payment{Entry: on(6, 3), Value: on(6, 2), Cents: cents, Reference: "EXEMP1AB23456 TRANSFER", Communication: c, Text: text}
}

// sample is a bank's file with every kind of record, two statements long.
func sample() []paymenttest.Statement {
	with := func(m paymenttest.Movement) paymenttest.Movement {
		m.Account, m.Name, m.Street = theirs, "JÉRÔME QUELQU'UN", "RUE DES ÉCOLES 1"
		m.Reference = m.Reference[:13]
		return m
	}
	long := "Deposit for the three-phase connection rue de l'Église 12 Eupen as agreed with your officer on the telephone last week, with kind regards, J. Q."
	spent := paymenttest.Movement{Payment: payment1(-9_000_00, "", "SALARIES OF MAY")}
	cost := paymenttest.Movement{Payment: payment1(-5_00, "", "COSTS"), Code: "84137100"}
	gross := paymenttest.Movement{Payment: payment1(105_00, "", "AMOUNT SENT"), Code: "84150100"}
	abroad := with(paymenttest.Movement{Payment: payment1(100_00, "", "RF18 5390 0754 7034"), Code: "34150000", Details: []paymenttest.Movement{gross, cost}})
	abroad.Value = time.Time{}
	one := with(paymenttest.Movement{Payment: payment1(200_00, "123456789002", ""), Code: "60150000"})
	two := with(paymenttest.Movement{Payment: payment1(50_01, "", "my account "+theirs+" thank you"), Code: "60150000"})
	return []paymenttest.Statement{
		{Account: ours, Number: "107", Day: on(6, 3), Old: 1_000_00, Notice: "OUR BRANCH IS CLOSED ON 21 JULY", Movements: []paymenttest.Movement{
			with(paymenttest.Movement{Payment: payment1(1_250_00, "090933755493", "")}),
			with(paymenttest.Movement{Payment: payment1(75_50, "", long)}),
			spent,
			with(paymenttest.Movement{Payment: payment1(10_00, "", "Rechnung 090/9337/55493 danke")}),
			{Payment: payment1(250_01, "", ""), Code: "20150000", Details: []paymenttest.Movement{one, two}},
			abroad,
			{Payment: payment1(-200_00, "123456789002", ""), Code: "00149000"},
		}},
		{Account: ours, Number: "108", Day: on(6, 4), Old: -6_514_49, Again: true},
	}
}

// The sample is read to the cent: communications from the structured field and
// from what people typed, a text over three records, totals by their parts,
// costs and what the operator spends passed over, no account of anyone (W13).
func TestSample(t *testing.T) {
	const name = "testdata/statements.cod"
	written, err := paymenttest.CODA(sample()...)
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(name, written, 0o644))
	}
	raw, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, string(written), string(raw), "write it anew with -update")

	got, err := payment.Read(bytes.NewReader(raw))
	require.NoError(t, err)
	p := func(place string, cents int64, c payment.Communication, text string) payment.Payment {
		return payment.Payment{
			ID: ours + "/2026-06-03/107/" + place, Entry: on(6, 3), Value: on(6, 2), Cents: cents,
			Reference: "EXEMP1AB23456", Communication: c, Text: text,
		}
	}
	abroad := p("0006-0000", 100_00, "", "RF18 5390 0754 7034")
	abroad.Value = time.Time{}
	back := p("0007-0000", -200_00, "123456789002", "")
	back.Reference = "EXEMP1AB23456 TRANSFE" // the field's 21 characters
	require.Equal(t, []payment.Statement{
		{Account: ours, Day: on(6, 3), Number: "107", Passed: 1, Payments: []payment.Payment{
			p("0001-0000", 1_250_00, "090933755493", ""),
			p("0002-0000", 75_50, "", "Deposit for the three-phase connection rue de l'Église 12 Eupen as agreed with your officer on the telephone last week, with kind regards, J. Q."),
			p("0004-0000", 10_00, "090933755493", ""),
			p("0005-0001", 200_00, "123456789002", ""),
			p("0005-0002", 50_01, "", "my account **** thank you"),
			abroad,
			back,
		}},
		{Account: ours, Day: on(6, 4), Number: "108", Again: true},
	}, got)
	for _, personal := range []string{theirs, "QUELQU", "ÉCOLES"} {
		require.NotContains(t, fmt.Sprintf("%+v", got), personal)
	}

	// The same in UTF-8, with line feeds alone and an empty line at the end.
	plain := strings.ReplaceAll(utf8Of(raw), "\r\n", "\n") + "\n"
	again, err := payment.Read(strings.NewReader(plain))
	require.NoError(t, err)
	require.Equal(t, got, again)
}

// utf8Of reads Latin letters byte by byte: the sample has no others.
func utf8Of(raw []byte) string {
	var b strings.Builder
	for _, c := range raw {
		b.WriteRune(rune(c))
	}
	return b.String()
}

// Our own CSV as its documentation shows it.
func TestSampleCSV(t *testing.T) {
	raw, err := os.ReadFile("testdata/payments.csv")
	require.NoError(t, err)
	got, err := payment.Read(bytes.NewReader(raw))
	require.NoError(t, err)
	require.Equal(t, []payment.Statement{{Payments: []payment.Payment{
		{ID: "csv/2026-0231-0007", Reference: "2026-0231-0007", Entry: on(6, 3), Value: on(6, 3), Cents: 1250_00, Communication: "123456789002"},
		{ID: "csv/2026-0231-0008", Reference: "2026-0231-0008", Entry: on(6, 3), Cents: -80_50, Text: "a payment the bank took back"},
	}}}, got)
}

// refused reads a text that must be refused as a whole.
func refused(t require.TestingT, text string) []payment.LineError {
	got, err := payment.Read(strings.NewReader(text))
	var r *payment.Refused
	require.True(t, errors.As(err, &r), "%v", err)
	require.Nil(t, got)
	return r.Lines
}

// Each wrong line is named with its reason, and nothing of the file enters.
func TestWrongLines(t *testing.T) {
	raw, err := paymenttest.CODA(sample()...)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSuffix(string(raw), "\r\n"), "\r\n")
	put := func(line, from int, s string) string { // positions count from 1
		all := slices.Clone(lines)
		all[line-1] = all[line-1][:from-1] + s + all[line-1][from-1+len(s):]
		return strings.Join(all, "\r\n")
	}
	without := func(line int) string { return strings.Join(slices.Delete(slices.Clone(lines), line-1, line), "\r\n") }
	find := func(prefix string) int {
		return 1 + slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, prefix) })
	}
	eight, nine := find("8"), find("9 ")
	for _, c := range []struct {
		name, text string
		want       payment.LineError
	}{
		{"an empty file", "", payment.LineError{Line: 1, Reason: "has 0 characters"}},
		{"a short line", strings.Replace(string(raw), "EUPEN ", "EUPEN", 1), payment.LineError{Line: find("32"), Reason: "has 127 characters"}},
		{"another version", put(1, 128, "1"), payment.LineError{Line: 1, Record: "record 0", Reason: "version"}},
		{"dollars", put(2, 40, "USD"), payment.LineError{Line: 2, Record: "record 1", Reason: "not kept in euro"}},
		{"an unknown record", put(3, 1, "7"), payment.LineError{Line: 3, Reason: "no record of this kind"}},
		{"no header", without(1), payment.LineError{Line: 1, Record: "record 1", Reason: "outside a statement"}},
		{"an amount of letters", put(3, 33, "A"), payment.LineError{Line: 3, Record: "record 2.1", Reason: "no amount"}},
		{"an amount with a sign inside", put(3, 33, "+"), payment.LineError{Line: 3, Record: "record 2.1", Reason: "no amount"}},
		{"a tenth of a cent", put(3, 47, "1"), payment.LineError{Line: 3, Record: "record 2.1", Reason: "not whole cents"}},
		{"neither debit nor credit", put(3, 32, "2"), payment.LineError{Line: 3, Record: "record 2.1", Reason: "0 for credit or 1 for debit"}},
		{"30 February", put(3, 116, "300226"), payment.LineError{Line: 3, Record: "record 2.1", Reason: "no day"}},
		{"no entry date", put(3, 116, "000000"), payment.LineError{Line: 3, Record: "record 2.1", Reason: "no entry date"}},
		{"a text of another movement", put(4, 3, "0009"), payment.LineError{Line: 4, Record: "record 2.2", Reason: "another sequence"}},
		{"a movement twice", put(find("21000200"), 3, "0001"), payment.LineError{Line: find("21000200"), Record: "record 2.1", Reason: "earlier record"}},
		{"a detail of nothing", put(find("2100050001"), 3, "0008"), payment.LineError{Line: find("2100050001"), Record: "record 2.1", Reason: "does not stand before it"}},
		{"a part too large", put(find("2100050001"), 44, "1"), payment.LineError{Line: find("2100050000"), Record: "record 2.1", Reason: "250,01, its details add up to 251,01"}},
		{"an amount changed", put(3, 44, "5"), payment.LineError{Line: nine, Record: "record 9", Reason: "credits add up to"}},
		{"a debit changed", put(find("21000300"), 38, "8"), payment.LineError{Line: nine, Record: "record 9", Reason: "debits add up to"}},
		{"a balance changed", put(eight, 52, "9"), payment.LineError{Line: nine, Record: "record 9", Reason: "new balance is"}},
		{"another account", put(eight, 8, "9"), payment.LineError{Line: eight, Record: "record 8", Reason: "another account"}},
		{"a line lost", without(find("31")), payment.LineError{Line: find("31"), Record: "record 3.2", Reason: "must not follow record 2.3"}},
		{"a movement lost", without(find("21000700")), payment.LineError{Line: nine - 1, Record: "record 9", Reason: "records, it says"}},
		{"no new balance", without(eight), payment.LineError{Line: nine - 1, Record: "record 9", Reason: "one balance only"}},
		{"no end", strings.Join(lines[:nine-1], "\r\n"), payment.LineError{Line: nine - 1, Reason: "cut short"}},
		{"a statement within another", strings.Join(lines[:4], "\r\n") + "\r\n" + string(raw), payment.LineError{Line: 5, Record: "record 0", Reason: "before the one before has ended"}},
		{"a statement twice", string(raw) + string(raw), payment.LineError{Line: nine + len(lines), Record: "record 9", Reason: "the same statement"}},

		{"CSV with other columns", "bank_reference;amount\n", payment.LineError{Line: 1, Reason: "the first line must be"}},
		{"CSV of nothing", csvOf(), payment.LineError{Line: 1, Reason: "cut short"}},
		{"CSV cut short", csvOf("A;2026-06-03;;1,00;"), payment.LineError{Line: 2, Reason: "cut short"}},
		{"CSV with a wrong sum", csvOf("A;2026-06-03;;1,00;", "total;;;1,01;1"), payment.LineError{Line: 3, Record: "amount", Reason: "add up to 1,00"}},
		{"CSV with a wrong number", csvOf("A;2026-06-03;;1,00;", "total;;;1,00;2"), payment.LineError{Line: 3, Record: "communication", Reason: "1 payments"}},
		{"CSV after its end", csvOf("total;;;0,00;0", "A;2026-06-03;;1,00;"), payment.LineError{Line: 3, Reason: "after the line of the total"}},
		{"CSV with a payment twice", csvOf("A;2026-06-03;;1,00;", "A;2026-06-03;;1,00;", "total;;;2,00;2"), payment.LineError{Line: 3, Record: "bank_reference", Reason: "earlier line"}},
		{"CSV without a reference", csvOf(";2026-06-03;;1,00;", "total;;;1,00;1"), payment.LineError{Line: 2, Record: "bank_reference", Reason: "missing"}},
		{"CSV with a date of ours", csvOf("A;03/06/2026;;1,00;", "total;;;1,00;1"), payment.LineError{Line: 2, Record: "entry_date", Reason: "YYYY-MM-DD"}},
		{"CSV with a value date of ours", csvOf("A;2026-06-03;3 June;1,00;", "total;;;1,00;1"), payment.LineError{Line: 2, Record: "value_date", Reason: "YYYY-MM-DD"}},
		{"CSV with thousands apart", csvOf("A;2026-06-03;;1.000,00;", "total;;;1000,00;1"), payment.LineError{Line: 2, Record: "amount", Reason: "two decimals"}},
		{"CSV with too few columns", csvOf("A;2026-06-03;1,00", "total;;;1,00;1"), payment.LineError{Line: 2, Reason: "has 3 columns"}},
		{"CSV with a stray quote", csvOf(`A;2026-06-03;;1,00;a "b`, "total;;;1,00;1"), payment.LineError{Line: 2, Reason: "cannot be split"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := refused(t, c.text)
			require.Equal(t, c.want.Line, got[0].Line, "%v", got)
			require.Equal(t, c.want.Record, got[0].Record)
			require.Contains(t, got[0].Reason, c.want.Reason)
		})
	}

	// A foreign table is refused with the first hundred lines named.
	_, err = payment.Read(strings.NewReader(strings.Repeat("a;b;c\n", 150)))
	var r *payment.Refused
	require.True(t, errors.As(err, &r))
	require.Len(t, r.Lines, 100)
	require.Equal(t, 50, r.More)
	require.Contains(t, err.Error(), "and 50 more")
}

func csvOf(lines ...string) string {
	return "bank_reference;entry_date;value_date;amount;communication\n" + strings.Join(lines, "\n") + "\n"
}

// What people type beside a communication: one with strokes is found, a wrong
// or a second one leaves the text to an officer, accounts are struck out (W13).
func TestFreeText(t *testing.T) {
	for _, c := range []struct{ typed, communication, text string }{
		{"+++090/9337/55493+++", "090933755493", ""},
		{"090933755493", "090933755493", ""},
		{"acompte 090/9337/55493", "090933755493", ""},
		{"090/9337/55493 und 090/9337/55493", "090933755493", ""},
		{"090/9337/55493 et 123/4567/89002", "", "090/9337/55493 et 123/4567/89002"},
		{"acompte 090/9337/55494", "", "acompte 090/9337/55494"},
		{"facture 090933755493", "", "facture 090933755493"},
		{"1090/9337/554933", "", "1090/9337/554933"},
		{"  much   room\tand\u0000 more ", "", "much room and more"},
		{"de BE68 5390 0754 7034 merci", "", "de **** merci"},
		{"be68539007547034", "", "****"},
		{"FR14 2004 1010 0505 0001 3M02 606 paid", "", "**** paid"},
		{"from 539-0075470-34", "", "from ****"},
		{"BE68 5390 0754 7035 is none", "", "BE68 5390 0754 7035 is none"},
	} {
		p := payment.Payment{Reference: "A", Entry: on(6, 3), Cents: 1, Text: c.typed}
		got, err := payment.Read(bytes.NewReader(paymenttest.CSV(p)))
		require.NoError(t, err, c.typed)
		require.Equal(t, c.communication, string(got[0].Payments[0].Communication), c.typed)
		require.Equal(t, c.text, got[0].Payments[0].Text)
	}
}

// A structured field whose check digits are wrong, and kinds that carry cards
// or mandates: the payment is taken, the number waits for an officer or is not
// kept at all (W13).
func TestStructuredKinds(t *testing.T) {
	for said, want := range map[string]payment.Payment{
		"101090933755493":         {Communication: "090933755493"},
		"102090933755493":         {Communication: "090933755493"},
		"101090933755494":         {Text: "090933755494"},
		"100RF18539007547034":     {Text: "RF18539007547034"},
		"1131234567890123456":     {},
		"127270115   MANDATE":     {},
		"101éééééééééééé 5 after": {Text: "éééééééééééé"},
	} {
		raw, err := paymenttest.CODA(paymenttest.Statement{Account: ours, Number: "001", Day: on(6, 3),
			Movements: []paymenttest.Movement{{Payment: payment1(1_00, "", "X"+said)}}})
		require.NoError(t, err)
		text := strings.Replace(string(raw), "0X"+said[:3], "1"+said[:3], 1)
		text = strings.Replace(text, strings.TrimSpace(latin(said)), strings.TrimSpace(latin(said))+" ", 1)
		got, err := payment.Read(strings.NewReader(text))
		require.NoError(t, err, said)
		p := got[0].Payments[0]
		require.Equal(t, want, payment.Payment{Communication: p.Communication, Text: p.Text}, said)
	}
}

func latin(s string) string {
	var b []byte
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

// A statement of another account tells of people who have nothing to do with
// works: it is refused, however the bank writes the account.
func TestW13StatementsOfAnotherAccount(t *testing.T) {
	const ours, theirs = "BE68539007547034", "BE71096123456769"
	for name, s := range map[string]payment.Statement{"iban": {Account: ours}, "digits": {Account: "539007547034"}, "csv": {}} {
		require.NoError(t, payment.Of([]payment.Statement{s}, ours), name)
	}
	err := payment.Of([]payment.Statement{{Account: ours}, {Account: theirs, Number: "042"}}, ours)
	require.ErrorContains(t, err, "statement 042")
	require.NotContains(t, err.Error(), "6769")
	require.NoError(t, payment.Of([]payment.Statement{{Account: theirs}}, ""), "WORKS_ACCOUNT is not set")
}
