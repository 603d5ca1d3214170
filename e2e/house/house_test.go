package house

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var project = func() *Tree {
	t, err := Read("../..")
	if err != nil {
		panic(err)
	}
	return t
}()

func TestHouse(t *testing.T) {
	require.Greater(t, len(project.Go), 20, "the project's files were not found")
	for _, rule := range []struct {
		name   string
		faults []string
	}{
		{"import table", Imports(project.Go)},
		{"top level", TopLevel(project.Names)},
		{"package comments", PackageComments(project.Go)},
		{"exported docs", Docs(project.Go)},
		{"file sizes", Sizes(project.Go)},
		{"clock, settings and chance are parameters", Calls(project.Go)},
		{"nothing unfinished, nothing of one machine", Words(project)},
	} {
		t.Run(rule.name, func(t *testing.T) {
			for _, fault := range rule.faults {
				t.Error(fault)
			}
		})
	}
	median, nine := Spread(project.Go)
	t.Logf("%d Go files; without tests: median %d lines, nine in ten at most %d", len(project.Go), median, nine)
}

// The rules themselves are seen red: each fixture breaks one.
func TestRulesSeeFaults(t *testing.T) {
	type rule func([]*File) []string
	for _, c := range []struct {
		name, path, text string
		rule             rule
		want             string // "" where the file is fine
	}{
		{"lookup and works never meet", "lookup/a.go", "package lookup\nimport _ \"guichet/works\"", Imports, "lookup must not import works"},
		{"works and mandates never meet", "works/calendar/a.go", "package calendar\nimport _ \"guichet/mandates/partner\"", Imports, "works/calendar must not import mandates/partner"},
		{"the deadlines know no request", "works/calendar/a.go", "package calendar\nimport _ \"guichet/works\"", Imports, "works/calendar must not import works"},
		{"nor does the bank's file", "works/payment/a.go", "package payment\nimport _ \"guichet/portal/registry\"", Imports, "works/payment must not import portal/registry"},
		{"a room never opens the store", "portal/metering/a.go", "package metering\nimport _ \"guichet/portal/store\"", Imports, "must not import portal/store"},
		{"nor does the web", "web/a.go", "package web\nimport _ \"guichet/portal/state/redis\"", Imports, "must not import portal/state/redis"},
		{"nor the report", "portal/report/a.go", "package report\nimport _ \"guichet/portal/store\"", Imports, "must not import portal/store"},
		{"a room with an adapter below it does not use it", "portal/state/a.go", "package state\nimport _ \"guichet/portal/state/redis\"", Imports, "must not import portal/state/redis"},
		{"the vocabulary uses the library alone", "portal/a.go", "package portal\nimport _ \"golang.org/x/text/language\"", Imports, "must not import golang.org/x/text"},
		{"keys know no trail", "portal/keys/a.go", "package keys\nimport _ \"guichet/portal/audit\"", Imports, "must not import portal/audit"},
		{"nobody imports the web", "portal/desk/a.go", "package desk\nimport _ \"guichet/web/i18n\"", Imports, "must not import web/i18n"},
		{"gin stays in the web", "portal/desk/a.go", "package desk\nimport _ \"github.com/gin-gonic/gin\"", Imports, "must not import github.com/gin-gonic/gin"},
		{"SQL stays in the store", "lookup/a.go", "package lookup\nimport _ \"database/sql\"", Imports, "must not import database/sql"},
		{"e2e knows the program from outside, tests too", "e2e/a_test.go", "package e2e\nimport _ \"guichet/portal\"", Imports, "must not import portal"},
		{"a package of no row", "portal/cellar/a.go", "package cellar", Imports, "no row"},
		{"tests are exempt", "lookup/a_test.go", "package lookup\nimport _ \"guichet/portal/store\"", Imports, ""},
		{"a subpackage imports its room", "portal/metering/exchange/a.go", "package exchange\nimport _ \"guichet/portal/metering\"", Imports, ""},
		{"an adapter imports its room", "portal/state/redis/a.go", "package redis\nimport _ \"guichet/portal/state\"", Imports, ""},
		{"the command joins all", "cmd/guichet/a.go", "package main\nimport _ \"guichet/portal/store\"\nimport _ \"guichet/web\"", Imports, ""},

		{"no comment", "lookup/a.go", "package lookup", PackageComments, "lookup: no file"},
		{"a comment elsewhere in the package", "lookup/a.go", "// Package lookup is.\npackage lookup", PackageComments, ""},
		{"a bare function", "lookup/a.go", "package lookup\nfunc Open() {}", Docs, "Open has no comment"},
		{"a bare method", "lookup/a.go", "package lookup\nfunc (g *Gate) Open() {}", Docs, "Open has no comment"},
		{"a method nobody sees", "lookup/a.go", "package lookup\nfunc (g *gate) Open() {}", Docs, ""},
		{"a documented group", "lookup/a.go", "package lookup\n// All.\nconst (\nA = 1\n)", Docs, ""},
		{"too long", "lookup/a.go", "package lookup\n" + strings.Repeat("\n", 600), Sizes, "601 lines"},

		{"the clock", "lookup/a.go", "package lookup\nimport \"time\"\nvar _ = time.Now", Calls, "lookup/a.go:3: time.Now"},
		{"the clock by another name", "lookup/a.go", "package lookup\nimport x \"time\"\nvar _ = x.Now()", Calls, "time.Now"},
		{"the environment", "web/a.go", "package web\nimport \"os\"\nvar _ = os.Getenv(\"A\")", Calls, "os.Getenv"},
		{"chance", "lookup/a.go", "package lookup\nimport _ \"math/rand/v2\"", Calls, "math/rand/v2"},
		{"a sleeping test", "lookup/a_test.go", "package lookup\nimport \"time\"\nfunc x() { time.Sleep(1) }", Calls, "time.Sleep"},
		{"the command reads the clock", "cmd/guichet/a.go", "package main\nimport \"time\"\nvar _ = time.Now", Calls, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := Parse(c.path, []byte(c.text))
			require.NoError(t, err)
			got := c.rule([]*File{f})
			if c.want == "" {
				require.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			require.Contains(t, got[0], c.want)
		})
	}
	require.NotEmpty(t, TopLevel([]string{"pkg/a.go"}))
	require.Empty(t, TopLevel([]string{".ci/run", "cmd/a.go"}))
	for _, line := range []string{"t.Ski" + "p()", "b.Ski" + "pf(x)", "// TO" + "DO later", "no lorem " + "ipsum"} {
		require.Regexp(t, unfinished, line)
	}
	for _, line := range []string{`"/ro` + `ot/x"`, "in /ho" + "me/somebody/x", "https://reg" + "istry.npmjs.org/x"} {
		require.Regexp(t, elsewhere, line)
	}
	require.NotRegexp(t, elsewhere, "https://example.org/ro"+"ot/x and ./ho"+"me/")
}
