// Command tally reads what `go test -json` says and tells it to people: one
// line a package, the whole output of what failed, and at the end how many
// tests passed and failed. A test that left itself out counts as failed, and a
// run without any test, too: nothing passes by not running.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// event is a line of `go test -json`.
type event struct {
	Action     string
	Package    string
	ImportPath string // of build output
	Test       string
	Output     string
	Elapsed    float64
}

// key names a test, or with an empty Test its package.
type key struct{ pkg, test string }

type tally struct {
	out            io.Writer
	passed, failed int
	results        map[key]string // a test's last action
	output         map[key][]string
	broken         map[string]string // build output by import path
}

func main() {
	passed := flag.Int("passed", 0, "checks that passed before")
	failed := flag.Int("failed", 0, "checks that failed before")
	flag.Parse()
	t := newTally(os.Stdout)
	t.passed, t.failed = *passed, *failed
	err := t.read(os.Stdin)
	if err != nil {
		fmt.Println(err)
		t.failed++
	}
	fmt.Printf("\n%d passed, %d failed\n", t.passed, t.failed)
	if t.failed > 0 {
		os.Exit(1)
	}
}

func newTally(out io.Writer) *tally {
	return &tally{out: out, results: map[key]string{}, output: map[key][]string{}, broken: map[string]string{}}
}

// read takes all events; an input without a package is an error.
func (t *tally) read(in io.Reader) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	packages := 0
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Fprintln(t.out, lines.Text()) // what go says outside of JSON
			continue
		}
		k := key{e.Package, e.Test}
		switch e.Action {
		case "output":
			t.output[k] = append(t.output[k], e.Output)
		case "build-output":
			t.broken[e.ImportPath] += e.Output
		case "pass", "fail", "skip":
			t.results[k] = e.Action
			if e.Test == "" {
				packages++
				t.close(e)
			}
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if packages == 0 {
		return fmt.Errorf("no package was tested")
	}
	return nil
}

// close counts a package's tests. Of a test and its subtests only the leaves
// count, and a parent that failed by itself.
func (t *tally) close(e event) {
	passed, failed := 0, 0
	for _, k := range t.tests(e.Package) {
		switch kids := t.kids(k); {
		case t.results[k] == "skip":
			failed++
			t.show(k, "left itself out")
		case t.results[k] == "pass" && len(kids) == 0:
			passed++
		case t.results[k] == "fail" && !slices.ContainsFunc(kids, func(c key) bool { return t.results[c] != "pass" }):
			failed++
			t.show(k, "failed")
		}
	}
	if e.Action == "fail" && failed == 0 {
		failed++
		t.show(key{e.Package, ""}, "failed outside of its tests")
	}
	t.passed, t.failed = t.passed+passed, t.failed+failed
	if passed+failed > 0 {
		fmt.Fprintf(t.out, "%-4s %-42s %4d passed %3d failed %7.1f s\n", e.Action, e.Package, passed, failed, e.Elapsed)
	}
}

// tests gives a package's tests in order.
func (t *tally) tests(pkg string) (all []key) {
	for k := range t.results {
		if k.pkg == pkg && k.test != "" {
			all = append(all, k)
		}
	}
	slices.SortFunc(all, func(a, b key) int { return strings.Compare(a.test, b.test) })
	return all
}

func (t *tally) kids(parent key) (all []key) {
	for k := range t.results {
		if k.pkg == parent.pkg && strings.HasPrefix(k.test, parent.test+"/") {
			all = append(all, k)
		}
	}
	return all
}

// show prints what a test wrote, or a package and its build.
func (t *tally) show(k key, what string) {
	fmt.Fprintf(t.out, "--- %s %s: %s\n", k.pkg, k.test, what)
	for _, line := range t.output[k] {
		fmt.Fprint(t.out, "    ", line)
	}
	if k.test == "" {
		for path, text := range t.broken {
			if path == k.pkg || strings.HasPrefix(path, k.pkg+" ") || strings.HasPrefix(path, k.pkg+".") {
				fmt.Fprint(t.out, text)
			}
		}
	}
}
