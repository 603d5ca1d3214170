package works_test

import (
	"testing"

	"guichet/portal"
	"guichet/works"

	"github.com/stretchr/testify/require"
)

// filled is a draft of a kind with every field it has a place for.
func filled(k works.Kind) works.Draft {
	f := k.Facts()
	d := works.Draft{Kind: string(k), Energy: string(f.Energies[0]), Requester: string(f.Ask[0]), Name: "Anna Schmitz", Mail: "anna@example.org",
		Telephone: "087 12 34 56", Language: "de", Channel: "mail", Street: "Rotenberg 12", Postcode: "4700", Town: "Eupen",
		CompanyNumber: "0403.170.701", Values: map[string]string{}}
	for _, field := range f.Fields() {
		d.Values[string(field)] = map[works.Field]string{works.EAN: string("54144901100000001" + string(portal.EANCheckDigit("54144901100000001"))), works.WishedDay: "2027-02-01", works.UntilDay: "2027-03-01",
			works.Supply: "three-400", works.PortOpen: "open", works.PowerWished: "17,3", works.Units: "4"}[field]
		if d.Values[string(field)] == "" {
			d.Values[string(field)] = "12"
		}
	}
	if f.ReducedVAT {
		d.FirstOccupied, d.Dwelling, d.EndUser = "1998", true, true
	}
	return d
}

func fieldsOf(t *testing.T, err error) (fields []string) {
	t.Helper()
	var problems portal.Problems
	require.ErrorAs(t, err, &problems)
	for _, p := range problems {
		fields = append(fields, p.Field)
	}
	return fields
}

// W13: for each kind, each field that is not its own is refused by name; its
// own are kept.
func TestW13EachKindHoldsItsFieldsOnly(t *testing.T) {
	for _, k := range works.Kinds {
		r, err := filled(k).Request(noon)
		require.NoError(t, err, k)
		require.Len(t, r.Values, len(k.Facts().Fields()), k)
		for _, field := range append([]string{"national_number", "birth_date", "household", "bank_account", "iban", "children"}, names(works.Fields)...) {
			if k.Facts().Holds(works.Field(field)) {
				continue
			}
			d := filled(k)
			d.Values[field] = "1"
			_, err := d.Request(noon)
			require.Equal(t, []string{field}, fieldsOf(t, err), k)
		}
	}
}

func names(fields []works.Field) (all []string) {
	for _, f := range fields {
		all = append(all, string(f))
	}
	return all
}

// W2, W3, W12: who may ask, and what each kind needs.
func TestWhatAKindNeeds(t *testing.T) {
	for _, k := range works.Kinds {
		for _, need := range k.Facts().Need {
			d := filled(k)
			delete(d.Values, string(need))
			_, err := d.Request(noon)
			require.Equal(t, []string{string(need)}, fieldsOf(t, err), k)
		}
		for _, who := range works.RequesterKinds {
			d := filled(k)
			d.Requester = string(who)
			_, err := d.Request(noon)
			may := false
			for _, ask := range k.Facts().Ask {
				may = may || ask == who
			}
			if may {
				require.NoError(t, err, "%s by %s", k, who)
			} else {
				require.Equal(t, []string{"requester"}, fieldsOf(t, err), "%s by %s", k, who)
			}
		}
	}
}

// What is typed wrongly is named at its field; an address or a point that the
// register does not know is none of that (G13, facts C.2).
func TestWhatIsTypedWrongly(t *testing.T) {
	for field, wrong := range map[string]func(*works.Draft){
		"energy":         func(d *works.Draft) { d.Energy = "steam" },
		"name":           func(d *works.Draft) { d.Name = " " },
		"mail":           func(d *works.Draft) { d.Mail = "anna" },
		"telephone":      func(d *works.Draft) { d.Telephone = "12" },
		"language":       func(d *works.Draft) { d.Language = "it" },
		"channel":        func(d *works.Draft) { d.Channel = "" },
		"street":         func(d *works.Draft) { d.Street = "" },
		"postcode":       func(d *works.Draft) { d.Postcode = "4700 Eupen Belgium" },
		"ean":            func(d *works.Draft) { d.Values["ean"] = "541449011000000019" },
		"supply":         func(d *works.Draft) { d.Values["supply"] = "two" },
		"power_wished":   func(d *works.Draft) { d.Values["power_wished"] = "viel" },
		"wished_day":     func(d *works.Draft) { d.Values["wished_day"] = "2026-11-01" },
		"company_number": func(d *works.Draft) { d.CompanyNumber = "0403.170.702" },
		"first_occupied": func(d *works.Draft) { d.FirstOccupied = "2027" },
		"billing_street": func(d *works.Draft) { d.BillingTown, d.BillingPostcode = "Lontzen", "4710" },
	} {
		d := filled(works.Phases13)
		wrong(&d)
		_, err := d.Request(noon)
		require.Equal(t, []string{field}, fieldsOf(t, err))
	}
	d := filled(works.NewConnection)
	d.Street, d.Postcode = "", ""
	_, err := d.Request(noon)
	require.NoError(t, err, "a parcel without a street")
	d = filled(works.Phases13)
	d.Mail, d.Channel = "", "post"
	_, err = d.Request(noon)
	require.NoError(t, err, "nobody needs a mail address")
}

// D12, L14, L15: the three kinds that must not be told apart are one in all
// but their name.
func TestD12ThreeKindsAreOne(t *testing.T) {
	want := works.EndOfContract.Facts()
	for _, k := range []works.Kind{works.Drop, works.BudgetMeter} {
		got := k.Facts()
		require.Equal(t, works.EndOfContract, got.As)
		got.Kind, got.As = want.Kind, want.As
		require.Equal(t, want, got)
	}
	for _, k := range works.Kinds {
		masked := k == works.Drop || k == works.BudgetMeter
		require.Equal(t, masked, k.Masked() != k, k)
	}
}
