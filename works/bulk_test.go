package works_test

import (
	"strings"
	"testing"

	"guichet/portal"
	"guichet/works"

	"github.com/stretchr/testify/require"
)

var asker = works.Contact{Kind: works.ThirdParty, Name: "Elektro Rotenberg", Mail: "info@rotenberg.example", Language: portal.German, CompanyNumber: "0403170701"}

// The example is read as it stands, in both encodings and with any separator,
// and its requests are those a form would have made.
func TestTheExampleOfAFile(t *testing.T) {
	latin := strings.NewReplacer("è", "\xe8", "é", "\xe9", "à", "\xe0").Replace(works.BulkExample())
	for _, text := range []string{works.BulkExample(), "\ufeff" + works.BulkExample(), latin, strings.ReplaceAll(strings.ReplaceAll(works.BulkExample(), "17,3", "17.3"), ";", ",")} {
		b := works.ReadBulk([]byte(text), asker, noon)
		require.True(t, b.Fine(), "%v %v", b.Wrong, b.Rows)
		require.Len(t, b.Rows, 2)
		require.Equal(t, "Compteur à déplacer dans le garage", b.Rows[1].Draft.Values["description"])
		r, err := b.Rows[0].Draft.Request(noon)
		require.NoError(t, err)
		require.Equal(t, works.ThirdParty, r.Contact.Kind)
		require.Equal(t, "Elektro Rotenberg", r.BillingName)
		require.Equal(t, "0403170701", r.CompanyNumber)
		require.Equal(t, works.Declared{FirstOccupied: 1998, Dwelling: true, EndUser: true}, r.Declared)
		require.Equal(t, "173", r.Values[works.PowerWished])
	}
}

// Each wrong line is named with its column and reason; a column or a field that
// has no place is refused by name (W13), and no file tells which kinds there
// are beside those for everybody (D12).
func TestWhatIsWrongInAFile(t *testing.T) {
	ean := "54144901100000001" + string(portal.EANCheckDigit("54144901100000001"))
	for text, want := range map[string]string{
		"":                       "file works.bulk.header",
		"kind;town;birth_date\n": "file works.bulk.column",
		"kind;kind;town\n":       "file works.bulk.twice",
		"energy\ngas\n":          "file works.bulk.header",
		"kind;town\n":            "file works.bulk.none",
		"kind;town\n\"a;b\n":     "file works.bulk.split",
		"kind;town\n" + strings.Repeat("a;b\n", works.MostRows+1): "file works.bulk.many",
		"kind;town\na\n":           "2  works.bulk.width",
		"kind;town\ndrop;Eupen\n":  "2 kind works.choice",
		"kind;town\nsteam;Eupen\n": "2 kind works.choice",
		"kind;town;street;postcode;ean;gas_flow\ntwo-rate;Eupen;R 1;4700;" + ean + ";1\n":                        "2 gas_flow works.bulk.foreign",
		"kind;town;street;postcode;ean;dwelling\ntwo-rate;Eupen;R 1;4700;" + ean + ";no\n":                       "2 dwelling works.bulk.yes",
		"kind;town;street;postcode;ean\ntwo-rate;Eupen;R 1;4700;" + ean + "\ntwo-rate;Eupen;;4700;" + ean + "\n": "3 street works.empty",
	} {
		b := works.ReadBulk([]byte(text), asker, noon)
		require.False(t, b.Fine(), text)
		var got []string
		for _, p := range b.Wrong {
			got = append(got, p.Field+" "+p.Key)
		}
		for _, row := range b.Rows {
			for _, p := range row.Problems {
				got = append(got, string(rune('0'+row.Line))+" "+p.Field+" "+p.Key)
			}
		}
		require.NotEmpty(t, got, text)
		require.Equal(t, want, got[0], text)
	}
	require.Equal(t, []string{"birth_date"}, works.ReadBulk([]byte("kind;town;birth_date\n"), asker, noon).Foreign)
}

// T19: what is no such file costs one word, however many columns it has; a NUL,
// which one of the databases cannot keep, is in none.
func TestWhatIsNoSuchFile(t *testing.T) {
	for name, file := range map[string]string{"columns": strings.Repeat("a;", 100_000) + "\n", "NUL": "kind;town\ntwo-rate;Na\x00mur\n"} {
		b := works.ReadBulk([]byte(file), asker, noon)
		require.Len(t, b.Wrong, 1, name)
		require.Equal(t, "works.bulk.header", b.Wrong[0].Key)
		require.Empty(t, b.Foreign)
	}
}
