package house

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// ground is what every room may import.
var ground = []string{"portal", "portal/calendar", "portal/keys", "portal/audit", "portal/outbox", "portal/tx"}

// adapters stand between the rooms and the machines; only cmd joins them.
var adapters = []string{"portal/store", "portal/state/redis"}

// rooms is the import table: what each room may import of our own beyond the
// ground floor. A row covers the room's subpackages, which may import each
// other; naming a room allows its subpackages, but never an adapter. A package
// of no row is a fault, so a new room is a new line here and in the design.
var rooms = map[string][]string{
	"portal/config":   {},
	"portal/state":    {},
	"portal/registry": {},
	"portal/metering": {"portal/registry"},
	"portal/login":    {"portal/state"},
	"portal/staff":    {"portal/login"},
	"portal/evidence": {},
	"portal/doors":    {},
	"lookup":          {"portal/state", "portal/registry"},
	"mandates":        {"portal/registry", "portal/metering", "portal/evidence", "portal/login"},
	"works":           {"portal/registry", "portal/evidence", "portal/state"}, // what is typed before there is a request
	"portal/desk":     {"portal/registry", "portal/metering", "portal/staff", "portal/state", "portal/doors", "portal/evidence", "lookup", "mandates", "works"},
	"portal/report":   everyRoom("portal/report"),
	"portal/store":    everyRoom("portal/store"),
	"web":             everyRoom("web"),
	"cmd/guichet":     append(everyRoom("cmd/guichet"), append(adapters, "web")...),
	// It knows the program from outside; what makes files and certificates for
	// tests is no part of it.
	"e2e": {"portal/evidence/evidencetest", "works/payment/paymenttest"},

	// What works count and read is pure: it knows days and files, no request.
	"works/calendar": {},
	"works/payment":  {},
	"works/vat":      {},
}

// groundRows binds the ground floor itself, from below upwards.
var groundRows = map[string][]string{
	"portal": {},
	// Working days are counted for mandates (D8) as for works (D.1), which never
	// meet: so the calendar lies below both.
	"portal/calendar": {"portal"},
	"portal/keys":     {"portal"},
	"portal/audit":    {"portal", "portal/keys"},
	"portal/outbox":   {"portal", "portal/keys"},
	"portal/tx":       {"portal", "portal/audit", "portal/outbox"},
}

// libraries that only some rooms may touch: pages and SQL stay in one place.
var libraries = map[string][]string{
	"github.com/gin-gonic/gin": {"web"},
	"github.com/a-h/templ":     {"web", "cmd/guichet"},
	"database/sql":             {"portal/store", "cmd/guichet"},
}

// everyRoom gives the rooms that stand between the ground floor and the web,
// without the one that asks.
func everyRoom(but string) []string {
	return slices.DeleteFunc([]string{
		"portal/config", "portal/state", "portal/registry", "portal/metering", "portal/login", "portal/staff",
		"portal/evidence", "portal/doors", "lookup", "mandates", "works", "portal/desk", "portal/report",
	}, func(r string) bool { return r == but })
}

// rowOf finds the row that covers a package: the longest room it lies in.
func rowOf(pkg string) (room string, may []string, ok bool) {
	for dir := pkg; dir != "."; dir = path.Dir(dir) {
		if may, ok := groundRows[dir]; ok && (dir != "portal" || pkg == "portal") {
			return dir, may, true
		}
		if may, ok := rooms[dir]; ok && dir == "e2e" {
			return dir, may, true
		} else if ok {
			return dir, append(slices.Clone(ground), may...), true
		}
	}
	return "", nil, false
}

func within(pkg, room string) bool { return pkg == room || strings.HasPrefix(pkg, room+"/") }

// Imports names every arrow that the table forbids. Tests are exempt, but not
// those of e2e, which knows the program from outside only.
func Imports(files []*File) (faults []string) {
	for _, f := range files {
		room, may, ok := rowOf(f.Room)
		if !ok {
			faults = append(faults, fmt.Sprintf("%s: %s stands in no row of the import table", f.Path, f.Room))
			continue
		}
		if f.Test && room != "e2e" {
			continue
		}
		for _, path := range f.Imports() {
			if own, isOurs := strings.CutPrefix(path, Module+"/"); isOurs {
				if !allowed(room, may, own) {
					faults = append(faults, fmt.Sprintf("%s: %s must not import %s", f.Path, f.Room, own))
				}
				continue
			}
			if only, bound := libraries[path]; bound && room != "e2e" && !slices.Contains(only, room) {
				faults = append(faults, fmt.Sprintf("%s: %s must not import %s", f.Path, f.Room, path))
			}
			if room == "portal" && strings.Contains(strings.Split(path, "/")[0], ".") {
				faults = append(faults, fmt.Sprintf("%s: the vocabulary must not import %s", f.Path, path))
			}
		}
	}
	return faults
}

func allowed(room string, may []string, pkg string) bool {
	for _, a := range adapters {
		if within(pkg, a) {
			return room == a || slices.Contains(may, a)
		}
	}
	return slices.ContainsFunc(append(slices.Clone(may), room), func(m string) bool {
		return pkg == m || m != "portal" && within(pkg, m)
	})
}
