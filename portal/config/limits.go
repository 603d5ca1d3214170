package config

import "fmt"

// Limits are the gate's figures (threats.md, "Default limits"); 0 is the
// default that stands there.
type Limits struct {
	FailuresPerSourceADay   int `help:"Failures of one source (address or /64) in a day." placeholder:"6"`
	FailuresPerSourceAWeek  int `help:"Failures of one source in a week." placeholder:"20"`
	ReferencesPerSourceADay int `help:"Different references one source may fail in a day." placeholder:"5"`
	BlocksPerSourceADay     int `help:"References one source may close in a day; then it is refused altogether." placeholder:"2"`
	FailuresPerNetworkADay  int `help:"Failures of one network (/24 or /56) in a day." placeholder:"30"`
	FailuresPerWideADay     int `help:"Failures of one IPv6 /48 in a day." placeholder:"100"`
	OverflowADay            int `help:"Failures in a day that all full sources and networks share." placeholder:"60"`
	HarmAnHour              int `help:"Failures at live references in an hour, portal-wide." placeholder:"150"`
	HarmADay                int `help:"Failures at live references in a day, portal-wide." placeholder:"1000"`
	LegacyADay              int `help:"Of these, at legacy references." placeholder:"100"`
	WorksADay               int `help:"Of these, at works codes." placeholder:"300"`
	KnownADay               int `help:"Failures in a day of known browsers in the gate's last step." placeholder:"300"`
	NoiseADay               int `help:"Failures at unknown references in a day, portal-wide." placeholder:"20000"`
	OpenedPerBrowserADay    int `help:"References one browser opens in a day before it must work for more." placeholder:"10"`
	OpenedPerSourceADay     int `help:"The same for one source." placeholder:"20"`
	OpenedPerNetworkADay    int `help:"The same for one network." placeholder:"200"`
}

// limit is one figure with its name and default.
type limit struct {
	name  string
	field *int
	value int
}

func (l *Limits) each() []limit {
	return []limit{
		{"FailuresPerSourceADay", &l.FailuresPerSourceADay, 6},
		{"FailuresPerSourceAWeek", &l.FailuresPerSourceAWeek, 20},
		{"ReferencesPerSourceADay", &l.ReferencesPerSourceADay, 5},
		{"BlocksPerSourceADay", &l.BlocksPerSourceADay, 2},
		{"FailuresPerNetworkADay", &l.FailuresPerNetworkADay, 30},
		{"FailuresPerWideADay", &l.FailuresPerWideADay, 100},
		{"OverflowADay", &l.OverflowADay, 60},
		{"HarmAnHour", &l.HarmAnHour, 150},
		{"HarmADay", &l.HarmADay, 1000},
		{"LegacyADay", &l.LegacyADay, 100},
		{"WorksADay", &l.WorksADay, 300},
		{"KnownADay", &l.KnownADay, 300},
		{"NoiseADay", &l.NoiseADay, 20000},
		{"OpenedPerBrowserADay", &l.OpenedPerBrowserADay, 10},
		{"OpenedPerSourceADay", &l.OpenedPerSourceADay, 20},
		{"OpenedPerNetworkADay", &l.OpenedPerNetworkADay, 200},
	}
}

// fill sets the defaults.
func (l *Limits) fill() {
	for _, x := range l.each() {
		if *x.field == 0 {
			*x.field = x.value
		}
	}
}

// check names what would let nobody in.
func (l Limits) check(wrong func(name, format string, args ...any)) {
	for _, x := range l.each() {
		if *x.field < 1 {
			wrong(EnvName(kebab(x.name)), "%d would let nobody in", *x.field)
		}
	}
	if l.HarmAnHour > l.HarmADay {
		wrong("HARM_AN_HOUR", "%d is more than %s = %d", l.HarmAnHour, "HARM_A_DAY", l.HarmADay)
	}
}

func (l Limits) lines() (lines []string) {
	for _, x := range l.each() {
		lines = append(lines, fmt.Sprintf("%s = %d", EnvName(kebab(x.name)), *x.field))
	}
	return lines
}
