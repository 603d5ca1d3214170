package desk

import "guichet/web/ui/component"

// Overview is the view of how the gate stands.
type Overview struct {
	Frame
	At      string // when it was read
	Refresh string // this page's own address
	Unusual string // far more references than usual are opened, or ""
	Step    []Fact
	Asks    string // what visitors must bring
	Say     string // what callers may be told
	Budgets component.Table
	Bound   Bound
	Moves   component.Table
	Alarms  component.Table
}

// Bound is how many wrongful disclosures are expected at most; no rows where
// the register was never measured.
type Bound struct {
	Text  string
	Table component.Table
	Near  string // what the rows about neighbours suppose, or ""
}
