package exchange

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"guichet/portal/metering"
)

// plain reduces a header or a word to lower-case letters and digits with
// single blanks between: no accents, brackets, dashes or dots.
func plain(s string) string {
	var b strings.Builder
	blank := false
	for _, r := range norm.NFKD.String(strings.ToLower(s)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if blank && b.Len() > 0 {
				b.WriteByte(' ')
			}
			blank = false
			b.WriteRune(r)
		default:
			blank = true
		}
	}
	return b.String()
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

func anyOf(words []string, in map[string]bool) bool {
	for _, w := range words {
		if in[w] {
			return true
		}
	}
	return false
}

// role is what a column means.
type role int

const (
	unknown role = iota
	fromDate
	fromTime
	fromMoment // date and time in one
	untilDate
	untilTime
	untilMoment
	eanCode
	meterNumber
	register
	volume
	unit
	status
	roles // how many there are
)

var roleNames = [roles]string{fromDate: "start date", fromTime: "start time", fromMoment: "start",
	untilDate: "end date", untilTime: "end time", untilMoment: "end", eanCode: "EAN", meterNumber: "meter",
	register: "register", volume: "volume", unit: "unit", status: "validation status"}

// Words of headers in English, Dutch, French, German, as plain leaves them.
// The weak ones also stand inside other names ("date de fin"), so that the
// strong ones decide first.
var (
	strongFrom = set("from start begin vanaf debut depuis beginn anfang ab aanvang")
	weakFrom   = set("van de du von")
	strongTo   = set("until end einde eind fin ende bis tot jusqu jusque jusquau")
	weakTo     = set("to a au")
	dateWords  = set("date datum jour dag tag day")
	timeWords  = set("time tijdstip tijd uur heure uhrzeit zeit uhr hour")
	// Compounds, written as one word in Dutch and German.
	compounds = map[string]role{"startdatum": fromDate, "begindatum": fromDate, "beginndatum": fromDate,
		"anfangsdatum": fromDate, "startdate": fromDate, "vandatum": fromDate, "vondatum": fromDate,
		"einddatum": untilDate, "enddatum": untilDate, "enddate": untilDate, "totdatum": untilDate, "bisdatum": untilDate,
		"starttijd": fromTime, "begintijd": fromTime, "startzeit": fromTime, "beginnzeit": fromTime, "anfangszeit": fromTime,
		"starttijdstip": fromTime, "begintijdstip": fromTime, "startuhrzeit": fromTime, "starttime": fromTime,
		"eindtijd": untilTime, "endzeit": untilTime, "eindtijdstip": untilTime, "enduhrzeit": untilTime, "endtime": untilTime}
	eanWords   = set("ean gsrn eancode eannummer eannumber")
	meterWords = set("meter meternummer compteur zahler zahlernummer zaehler zaehlernummer teller tellernummer")
	kindWords  = set("type typ soort art genre")
	regWords   = set("register registre zahlwerk zaehlwerk cadran telwerk")
	volWords   = set("volume volumen hoeveelheid quantite menge verbruik consommation verbrauch consumption " +
		"quantity amount waarde valeur wert value")
	unitWords   = set("unit eenheid unite einheit")
	yearWords   = set("an annee year jahr jaar") // "un an plus tôt": beside what is counted
	originWords = set("origin origine herkunft herkomst")
	calorific   = []string{"calor", "kalor", "brennwert", "bovenwaarde", "pcs"}
)

// meaning recognises a column by its header.
func meaning(header string) role {
	text := plain(header)
	words := strings.Fields(text)
	for _, w := range words {
		if r, ok := compounds[w]; ok {
			return r
		}
	}
	if isCalorific(text) || anyOf(words, yearWords) {
		return unknown
	}
	if anyOf(words, originWords) {
		return status
	}
	for _, w := range words {
		if strings.Contains(w, "status") || w == "statut" || w == "etat" {
			return status
		}
	}
	switch {
	case anyOf(words, eanWords):
		return eanCode
	case anyOf(words, regWords):
		return register
	case anyOf(words, unitWords):
		return unit
	case anyOf(words, volWords):
		return volume
	case anyOf(words, meterWords):
		if anyOf(words, kindWords) {
			return unknown
		}
		return meterNumber
	}
	from, to := anyOf(words, strongFrom), anyOf(words, strongTo)
	if from == to {
		from, to = anyOf(words, weakFrom), anyOf(words, weakTo)
	}
	if from == to {
		return unknown
	}
	date, clock := anyOf(words, dateWords), anyOf(words, timeWords)
	switch {
	case from && date && !clock:
		return fromDate
	case from && clock && !date:
		return fromTime
	case from:
		return fromMoment
	case date && !clock:
		return untilDate
	case clock && !date:
		return untilTime
	}
	return untilMoment
}

func isCalorific(plainHeader string) bool {
	for _, c := range calorific {
		if strings.Contains(plainHeader, c) {
			return true
		}
	}
	return false
}

// Words of values. Every word of a register must be known: what is counted
// otherwise (reactive, exclusive night) is another register and is refused.
var (
	offtakeWords   = set("offtake afname prelevement entnahme bezug consumption verbruik consommation verbrauch")
	injectionWords = set("injection injectie einspeisung")
	peakWords      = set("day dag jour tag peak piek piekuren pleines pleine hochtarif spitzenzeit")
	offPeakWords   = set("night nacht nuit offpeak dal daluren creuses creuse niedertarif schwachlastzeit")
	fillers        = set("heures heure total totale totaal gesamt active actief actieve aktiv")
)

// counted recognises a register; bare tells a direction without its band.
func counted(s string) (r metering.Register, ok bool) {
	text := strings.NewReplacer("off take", "offtake", "off peak", "offpeak").Replace(plain(s))
	words := strings.Fields(text)
	for _, w := range words {
		if !offtakeWords[w] && !injectionWords[w] && !peakWords[w] && !offPeakWords[w] && !fillers[w] {
			return "", false
		}
	}
	off, in := anyOf(words, offtakeWords), anyOf(words, injectionWords)
	peak, offPeak := anyOf(words, peakWords), anyOf(words, offPeakWords)
	if off == in || (peak && offPeak) {
		return "", false
	}
	switch {
	case off && peak:
		return metering.OfftakePeak, true
	case off && offPeak:
		return metering.OfftakeOffPeak, true
	case off:
		return metering.OfftakeTotal, true
	case peak:
		return metering.InjectionPeak, true
	case offPeak:
		return metering.InjectionOffPeak, true
	}
	return metering.InjectionTotal, true
}

var qualities = map[string]metering.Quality{}

func init() {
	for q, names := range map[metering.Quality]string{
		metering.Read: "read,complete,measured,uitgelezen,gelezen,gemeten,releve,relevee,lu,lue,mesure,mesuree," +
			"abgelesen,ausgelesen,gelesen,gemessen",
		metering.Validated: "validated,gevalideerd,valide,validee,validiert",
		metering.Estimated: "estimated,geschat,estime,estimee,geschatzt,geschaetzt",
		metering.NoConsumption: "no consumption,geen verbruik,pas de consommation,aucune consommation," +
			"sans consommation,kein verbrauch",
		metering.Missing: "missing,ontbrekend,ontbreekt,manquant,manquante,manque,fehlend,fehlt",
	} {
		for _, name := range strings.Split(names, ",") {
			qualities[name] = q
		}
	}
}
