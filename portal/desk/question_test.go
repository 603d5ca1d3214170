package desk

import (
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
		if c.left == 0 {
			require.Empty(t, st.Ask, c.name)
		}
	}
}

// TestG12FreeTextHoldsNoNumbers: nothing that could be a reference or an EAN.
func TestG12FreeTextHoldsNoNumbers(t *testing.T) {
	for _, good := range []string{"l’appelant s’est trompé", "compteur 6616 lu à la place de 4821", "appel du 23/11"} {
		require.NoError(t, freeText(good, 5), good)
	}
	for _, bad := range []string{"", "    ", "oui", "4821 0937 5560 86", "48210937556086", "réf. 4821-0937-5560-86", "541449000000000010"} {
		require.Error(t, freeText(bad, 5), bad)
	}
	require.NoError(t, Ground{Interaction: "I-20261123"[:7]}.check())
	require.Error(t, Ground{Interaction: "48210937556"}.check())
	require.Error(t, Ground{}.check())
}
