package registry

import (
	"fmt"
	"strings"
)

// column is one column of the registry file.
type column struct {
	name, form, about string
	needed            bool // the header must have it
}

// columns is the file's format, in the order of the example. A row is an
// access point with at most one meter, one occupancy and one supply; rows of
// one EAN add up.
var columns = []column{
	{"ean", "18 digits", "the access point; spaces and dots are fine, the check digit is verified", true},
	{"energy", "electricity or gas", "also E and G", true},
	{"street", "text", "street and number of the access point", true},
	{"postcode", "text", "", true},
	{"town", "text", "", true},
	{"power_kva", "kVA, up to 3 decimals", "electricity only; empty is 0", false},
	{"meter", "text", "the number on the device, from which four digits must be found before a dash or slash", false},
	{"meter_from", "YYYY-MM-DD", "first day of the meter; a later meter ends an open one", false},
	{"meter_to", "YYYY-MM-DD", "first day without it; empty: still there", false},
	{"name", "text", "the occupant, as on the envelope", false},
	{"language", "fr, de, nl or en", "the occupant's language", false},
	{"mail_street", "text", "mailing address as the supplier gave it; demanded with a name", false},
	{"mail_postcode", "text", "", false},
	{"mail_town", "text", "", false},
	{"occupied_from", "YYYY-MM-DD", "first day of the occupancy", false},
	{"occupied_to", "YYYY-MM-DD", "first day after it; empty: still there", false},
	{"detail_from", "YYYY-MM-DD", "since when the occupant chose detail finer than daily; empty: as it is", false},
	{"supplier", "text", "supplier of record", false},
	{"supplier_from", "YYYY-MM-DD", "first day of the supply; a later supply ends an open one", false},
	{"supplier_to", "YYYY-MM-DD", "first day without it; empty: still there", false},
}

// Format explains the file, for --help and the manual.
func Format() string {
	return "Registry files are CSV (; or , or tab) with a header; columns in any order. Dates are\n" +
		"days in Brussels, from included, to not. Rows of the same EAN add up: a move or a meter\n" +
		"exchange takes a further row. What a file does not name stays as it is.\n\n" + explain(columns)
}

// explain lists columns.
func explain(columns []column) string {
	var b strings.Builder
	for _, c := range columns {
		mark := ""
		if c.needed {
			mark = " (needed)"
		}
		about := c.about
		if about != "" {
			about = ": " + about
		}
		fmt.Fprintf(&b, "  %-14s %s%s%s\n", c.name, c.form, mark, about)
	}
	return b.String()
}

// Example is a small file that imports without complaint: a house with both
// energies, a move and a meter exchange.
func Example() string {
	return `ean;energy;street;postcode;town;power_kva;meter;meter_from;meter_to;name;language;mail_street;mail_postcode;mail_town;occupied_from;occupied_to;detail_from;supplier;supplier_from;supplier_to
541499000000123455;electricity;Rue des Tilleuls 12;4700;Eupen;9.2;00123456-2009;2009-05-04;2023-09-12;Anna Peters;de;Rue des Tilleuls 12;4700;Eupen;2019-02-01;2024-07-01;;Lumière Directe;2019-02-01;2024-07-01
541499000000123455;electricity;Rue des Tilleuls 12;4700;Eupen;9.2;1SAG1100076616;2023-09-12;;Camille Lambert;fr;Rue des Tilleuls 12;4700;Eupen;2024-07-01;;2024-08-01;Vent du Nord;2024-07-01;
549999000000000016;gas;Rue des Tilleuls 12;4700;Eupen;;7FLO2119031964;2021-03-15;;Camille Lambert;fr;Rue des Tilleuls 12;4700;Eupen;2024-07-01;;;Vent du Nord;2024-07-01;
`
}
