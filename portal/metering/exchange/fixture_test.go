package exchange

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"guichet/portal"
)

const testEAN = portal.EAN("541499000000123455")

// reading is one interval of a generated file.
type reading struct {
	from, to       time.Time
	register, unit string // English words of the family
	volume, status string
}

// form is a way to write a file of the family.
type form struct {
	header   [12]string // in the canonical order below
	order    []int
	words    map[string]string // of registers, statuses, units
	sep      string
	date     string
	clock    string
	ean      string // with %s
	decimal  string
	newline  string
	prefix   string
	until    func(from, to time.Time) time.Time
	backward bool
}

func english() form {
	return form{header: [12]string{"From (date)", "From (time)", "Until (date)", "Until (time)", "EAN code", "Meter", "Meter type",
		"Register", "Volume", "Unit", "Validation status", "Description"},
		order: []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, sep: ";", date: "02/01/2006", clock: "15:04:05",
		ean: `="%s"`, decimal: ",", newline: "\r\n", prefix: "\ufeff"}
}

func dutch() form {
	f := english()
	f.header = [12]string{"Van datum", "Van tijdstip", "Tot datum", "Tot tijdstip", "EAN", "Meter", "Metertype",
		"Register", "Volume", "Eenheid", "Validatiestatus", "Omschrijving"}
	f.words = map[string]string{"Offtake Day": "Afname Dag", "Offtake Night": "Afname Nacht", "Offtake": "Afname",
		"Injection Day": "Injectie Dag", "Injection Night": "Injectie Nacht", "Read": "Uitgelezen", "Validated": "Gevalideerd",
		"Estimated": "Geschat", "No consumption": "Geen verbruik"}
	f.date, f.clock, f.order = "02-01-2006", "15:04", []int{9, 4, 10, 3, 7, 2, 0, 8, 1, 5, 11, 6}
	return f
}

func french() form {
	f := english()
	f.header = [12]string{"Date de début", "Heure de début", "Date de fin", "Heure de fin", "Code EAN", "Numéro de compteur", "Type de compteur",
		"Registre", "Consommation", "Unité", "Statut de validation", "Description"}
	f.words = map[string]string{"Offtake Day": "Prélèvement heures pleines", "Offtake Night": "Prélèvement heures creuses", "Offtake": "Prélèvement",
		"Injection Day": "Injection Jour", "Injection Night": "Injection Nuit", "Read": "Relevé", "Validated": "Validé",
		"Estimated": "Estimé", "No consumption": "Pas de consommation"}
	f.sep, f.decimal, f.ean, f.date, f.newline, f.prefix = ",", ".", "%s", "02.01.2006", "\n", ""
	return f
}

func german() form {
	f := english()
	f.header = [12]string{"Von Datum", "Von Uhrzeit", "Bis Datum", "Bis Uhrzeit", "EAN-Code", "Zähler", "Zählertyp",
		"Zählwerk", "Menge", "Einheit", "Validierungsstatus", "Bemerkung"}
	f.words = map[string]string{"Offtake Day": "Entnahme Tag", "Offtake Night": "Entnahme Nacht", "Offtake": "Entnahme",
		"Injection Day": "Einspeisung Tag", "Injection Night": "Einspeisung Nacht", "Read": "Abgelesen", "Validated": "Validiert",
		"Estimated": "Geschätzt", "No consumption": "Kein Verbrauch", "m³": "m3"}
	f.sep, f.ean, f.date, f.order = "\t", `"%s"`, "2006-01-02", []int{4, 10, 9, 8, 7, 3, 2, 1, 0, 5, 6, 11}
	return f
}

// write gives the file's text.
func (f form) write(readings []reading) string {
	var b strings.Builder
	b.WriteString(f.prefix)
	line := func(cells [12]string) {
		for i, at := range f.order {
			if i > 0 {
				b.WriteString(f.sep)
			}
			b.WriteString(cells[at])
		}
		b.WriteString(f.newline)
	}
	word := func(s string) string {
		if w := f.words[s]; w != "" {
			return w
		}
		return s
	}
	line(f.header)
	for i := range readings {
		r := readings[i]
		if f.backward {
			r = readings[len(readings)-1-i]
		}
		meter := "1SAG1234567890"
		if r.unit == "m³" {
			meter = "7MIT1234567890"
		}
		from, to := r.from.In(portal.Brussels), r.to.In(portal.Brussels)
		line([12]string{from.Format(f.date), from.Format(f.clock), to.Format(f.date), to.Format(f.clock), fmt.Sprintf(f.ean, testEAN), meter,
			"Digital meter", word(r.register), strings.ReplaceAll(r.volume, ".", f.decimal), word(r.unit), word(r.status), ""})
	}
	return b.String()
}

// electricity is days of quarter-hours as an operator exports them: one band
// of each direction a row, off-peak at night and at weekends, the two passes of
// the repeated hour interleaved as the real exports have them.
func electricity(from, to time.Time) []reading {
	random := rand.New(rand.NewPCG(1, 2))
	statuses := []string{"Read", "Read", "Read", "Validated", "Estimated", "No consumption"}
	var readings []reading
	for at := from; at.Before(to); at = at.Add(15 * time.Minute) {
		band := "Night"
		if h := at.In(portal.Brussels).Hour(); h >= 7 && h < 22 && at.In(portal.Brussels).Weekday()%6 != 0 {
			band = "Day"
		}
		for _, direction := range []string{"Offtake ", "Injection "} {
			r := reading{at, at.Add(15 * time.Minute), direction + band, "kWh",
				fmt.Sprintf("%d.%03d", random.IntN(3), random.IntN(1000)), statuses[random.IntN(len(statuses))]}
			if r.status == "No consumption" {
				r.volume = ""
			}
			readings = append(readings, r)
		}
	}
	return readings
}

// gas is hours from six in the morning, m³ and kWh.
func gas(from, to time.Time) []reading {
	var readings []reading
	for at, n := from.Add(6*time.Hour), 0; at.Before(to); at, n = at.Add(time.Hour), n+1 {
		readings = append(readings, reading{at, at.Add(time.Hour), "Offtake", "m³", fmt.Sprintf("%d.%03d", n%2, n), "Read"},
			reading{at, at.Add(time.Hour), "Offtake", "kWh", fmt.Sprintf("%d.%03d", 11*(n%2), n*11%1000), "Read"})
	}
	return readings
}
