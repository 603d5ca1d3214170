package desk

import (
	"slices"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/registry"

	"github.com/stretchr/testify/require"
)

// anna moved in on a day that is still February in UTC, gets her mail
// elsewhere, and changed supplier once.
var anna = File{
	Known:     true,
	BlockedAt: portal.Date(2026, 11, 23).Add(9 * time.Hour),
	Occupancy: registry.Occupancy{ID: "o", Name: "Mme Anna Müller-Lefèvre", Street: "Rue du Puits 12 B", Postcode: "4000", Town: "Liège",
		Period: portal.Period{From: portal.Date(2019, 3, 1)}},
	Point: registry.AccessPoint{EAN: "541449000000000010", Energy: portal.Electricity, Street: "Grand-Place 3", Postcode: "4800", Town: "Verviers"},
	Supplies: []registry.Supply{
		{Supplier: "Before Her SA", Period: portal.Period{From: portal.Date(2010, 1, 1), To: portal.Date(2019, 3, 1)}},
		{Supplier: "Énergie Vive SA", Period: portal.Period{From: portal.Date(2019, 3, 1), To: portal.Date(2023, 1, 1)}},
		{Supplier: "Kraft GmbH", Period: portal.Period{From: portal.Date(2023, 1, 1)}},
	},
	Other: portal.Gas,
}

func TestAnswersAreComparedAsPeopleSpeak(t *testing.T) {
	for q, heard := range map[Question]struct{ right, wrong []string }{
		MovedIn: {
			[]string{"03/2019", "3.2019", "3/19", "2019-03", "2019-03-15", "15/03/2019", "1er mars 2019", "MARS 2019", "März 2019", "maart 2019", "mrt. 2019", "march 2019"},
			[]string{"", "2019", "mars", "02/2019", "03/2018", "2019-13", "février 2019", "31 2019", "je ne sais pas", "2019-12-03"},
		},
		MailingAddress: {
			[]string{"4000 12B", "4000, 12 b", "12B 4000", "Rue du Puits 12b, 4000 Liège"},
			[]string{"", "4000", "12B", "4000 12", "4800 3", "4000 12B 13", "Liège"},
		},
		FormerSupplier: {
			[]string{"Énergie Vive", "energie vive sa", "VIVE ENERGIE"},
			[]string{"", "Kraft", "Before Her", "SA", "vive"},
		},
		OtherEnergy: {
			[]string{"gaz", "Gas", "aardgas", "Erdgas", " GAZ naturel "},
			[]string{"", "aucune", "électricité", "peut-être", "nee"},
		},
		NameOnFile: {
			[]string{"Anna Müller-Lefèvre", "muller lefevre anna", "MÜLLER LEFÈVRE ANNA", "Frau Anna Müller-Lefèvre"},
			[]string{"", "Anna", "Müller", "Mme", "Anna Müller"},
		},
	} {
		for _, s := range heard.right {
			require.True(t, anna.right(q, keys.Secret(s)), "%s: %q", q, s)
		}
		for _, s := range heard.wrong {
			require.False(t, anna.right(q, keys.Secret(s)), "%s: %q", q, s)
		}
	}
}

// TestG10Questions: three at most, never the meter's digits, the strong first.
func TestG10Questions(t *testing.T) {
	require.Len(t, Questions, 5, "a new question needs the places its declaration lists")
	require.Equal(t, []Question{MovedIn, MailingAddress, FormerSupplier}, offer(anna))
	plain := anna
	plain.Occupancy.Street, plain.Occupancy.Postcode, plain.Supplies = anna.Point.Street, anna.Point.Postcode, nil
	require.Equal(t, []Question{MovedIn, OtherEnergy, NameOnFile}, offer(plain))
	require.Empty(t, offer(File{}), "an unknown number has no questions")
	none := plain
	none.Other = ""
	require.True(t, none.right(OtherEnergy, "keine"))
	require.False(t, none.right(OtherEnergy, ""))
}

// TestCd1Standing walks what answers amount to.
func TestCd1Standing(t *testing.T) {
	now := anna.BlockedAt.Add(time.Hour)
	plain := anna
	plain.Occupancy.Street, plain.Occupancy.Postcode, plain.Supplies = anna.Point.Street, anna.Point.Postcode, nil
	at := func(q Question, right bool, before time.Duration, login string) Check {
		return Check{Question: q, Right: right, At: now.Add(-before), Login: login}
	}
	const me, other = "anna", "bert"
	for _, c := range []struct {
		name   string
		checks []Check
		passed bool
		left   int
	}{
		{"nothing yet", nil, false, 3},
		{"one right", []Check{at(MovedIn, true, 0, me)}, false, 2},
		{"two right", []Check{at(MovedIn, true, 0, me), at(NameOnFile, true, 0, me)}, true, 1},
		{"one of three wrong", []Check{at(MovedIn, true, 0, me), at(OtherEnergy, false, 0, me), at(NameOnFile, true, 0, me)}, true, 0},
		{"the bill's answers alone", []Check{at(OtherEnergy, true, 0, me), at(NameOnFile, true, 0, me)}, false, 1},
		{"the strong one later", []Check{at(OtherEnergy, true, 0, me), at(NameOnFile, true, 0, me), at(MovedIn, true, 0, me)}, true, 0},
		{"the same twice", []Check{at(MovedIn, true, 0, me), at(MovedIn, true, 0, me)}, false, 1},
		{"somebody else's", []Check{at(MovedIn, true, 0, other), at(NameOnFile, true, 0, other)}, false, 1},
		{"half somebody else's", []Check{at(MovedIn, true, 0, me), at(NameOnFile, true, 0, other)}, false, 1},
		{"just valid", []Check{at(MovedIn, true, 40*time.Minute, me), at(NameOnFile, true, PassedFor-1, me)}, true, 1},
		{"no longer valid", []Check{at(MovedIn, true, 40*time.Minute, me), at(NameOnFile, true, PassedFor, me)}, false, 1},
		{"before the block", []Check{at(MovedIn, true, 61*time.Minute, me), at(NameOnFile, true, 0, me)}, false, 1},
		{"yesterday's count no more", []Check{at(MovedIn, false, 24*time.Hour, other), at(NameOnFile, false, 23*time.Hour, other)}, false, 3},
		{"used up", []Check{at(MovedIn, false, 0, me), at(OtherEnergy, false, 0, other), at(NameOnFile, true, 0, me)}, false, 0},
	} {
		st := stand(plain, c.checks, me, now)
		require.Equal(t, c.passed, st.Passed, c.name)
		require.Equal(t, c.left, st.Left, c.name)
		lost := []string{"somebody else's", "no longer valid", "before the block", "used up"}
		require.Equal(t, slices.Contains(lost, c.name), st.Lost, c.name)
		if c.left == 0 {
			require.Empty(t, st.Ask, c.name)
		}
	}
}

// TestG12FreeTextHoldsNoNumbers: nothing that could be a reference, an EAN or
// a letter code, however it is spelled.
func TestG12FreeTextHoldsNoNumbers(t *testing.T) {
	for _, good := range []string{"l’appelant s’est trompé", "compteur 6616 lu à la place de 4821", "appel du 23/11",
		"rappel le 23/11 à 14h30", "rappeler vers 9h30", "s’est trompé avec 4821", "déménagement vers Verviers"} {
		require.NoError(t, freeText(good, 5), good)
	}
	for name, bad := range map[string]string{
		"empty": "", "blanks": "    ", "short": "oui",
		"grouped":         "4821 0937 5560 86",
		"plain":           "48210937556086",
		"dashes":          "réf. 4821-0937-5560-86",
		"an EAN":          "541449000000000010",
		"no-break spaces": "1502\u00a06545\u00a00003\u00a036",
		"thin spaces":     "1502\u202f6545\u202f0003\u202f36",
		"low lines":       "1502_6545_0003_36",
		"commas":          "1502, 6545, 0003, 36",
		"full width":      "１５０２６５４５０００３３６",
		"circled":         "①⑤⓪②⑥⑤④⑤",
		"Arabic-Indic":    "١٥٠٢٦٥٤٥",
		"zero width":      "1502\u200b6545\u200b000336",
		"zero bytes":      "1502\x006545\x000003",
		"broken UTF-8":    "1502\xff6545\xff0003",
		"words between":   "1502 puis 6545 puis 0003 et 36",
		"a code":          "le code C4EJKRHK",
		"a code, small":   "code c4ejkrhk lu",
		"a code, as read": "le code C4EJKRHO",
		"a code, printed": "le code 7K3M 9QXA",
		"a code, dashed":  "7k3m-9qxa au téléphone",
		"a code, wide":    "le code Ｃ４ＥＪＫＲＨＫ",
		"a code, hidden":  "le code C4EJ\u200dKRHK",
	} {
		require.Error(t, freeText(bad, 5), name)
	}
}

// TestG12InteractionForm: letters, then digits; never a code, never a number
// of a customer.
func TestG12InteractionForm(t *testing.T) {
	for _, good := range []string{"INT-2041", "A1234", "I-1", "CALL-123456", "INT-20411"} {
		require.NoError(t, Ground{Interaction: good}.check(), good)
	}
	for _, bad := range []string{"48210937556", "C4EJKRHK", "7K3M9QXA", "7K3M-9QXA", "ABCD1234", "2041", "INT", "INT-1234567", "INT--1",
		"INT 2041", "INT-２０４１", "INT-2041\n"} {
		require.Error(t, Ground{Interaction: bad}.check(), bad)
	}
	require.Error(t, Ground{}.check())
}
