package house

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strings"
)

// topLevel is the closed list of what may stand in the project's root, beside
// dot files.
var topLevel = []string{"cmd", "portal", "lookup", "works", "mandates", "web", "e2e", "go.mod", "go.sum", "README.md"}

// longest is how many lines a hand-written file may have.
const longest = 600

// TopLevel names what stands in the root and should not.
func TopLevel(names []string) (faults []string) {
	for _, name := range names {
		first, _, _ := strings.Cut(name, "/")
		if !strings.HasPrefix(first, ".") && !slices.Contains(topLevel, first) {
			faults = append(faults, name+": the top level is closed")
		}
	}
	return faults
}

// Sizes names the files that grew too long.
func Sizes(files []*File) (faults []string) {
	for _, f := range files {
		if !f.Generated && f.Lines > longest {
			faults = append(faults, fmt.Sprintf("%s: %d lines, at most %d", f.Path, f.Lines, longest))
		}
	}
	return faults
}

// PackageComments names the packages that do not say what they are for.
func PackageComments(files []*File) (faults []string) {
	said := map[string]bool{}
	for _, f := range files {
		if strings.HasSuffix(f.Path, "_test.go") || f.Generated {
			continue
		}
		said[f.Room] = said[f.Room] || f.Tree.Doc.Text() != ""
	}
	for room, ok := range said {
		if !ok {
			faults = append(faults, room+": no file has a package comment")
		}
	}
	slices.Sort(faults)
	return faults
}

// evident methods belong to the language's own interfaces; their contract is
// written there.
var evident = []string{"Error", "Unwrap", "String"}

// Docs names exported declarations without a comment. Within a group the
// group's comment or the line's own will do.
func Docs(files []*File) (faults []string) {
	for _, f := range files {
		if f.Generated || strings.HasSuffix(f.Path, "_test.go") || f.Tree.Name.Name == "main" {
			continue
		}
		for _, decl := range f.Tree.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && exportedReceiver(d) && d.Doc == nil && !slices.Contains(evident, d.Name.Name) {
					faults = append(faults, f.at(d.Pos())+": "+d.Name.Name+" has no comment")
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if name, bare := undocumented(spec); bare && d.Doc == nil {
						faults = append(faults, f.at(spec.Pos())+": "+name+" has no comment")
					}
				}
			}
		}
	}
	return faults
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}

func undocumented(spec ast.Spec) (name string, bare bool) {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		return s.Name.Name, s.Name.IsExported() && s.Doc == nil && s.Comment == nil
	case *ast.ValueSpec:
		return s.Names[0].Name, s.Names[0].IsExported() && s.Doc == nil && s.Comment == nil
	}
	return "", false
}

// calls that make code depend on the machine, and where they may stand: the
// clock, settings and chance are parameters everywhere else.
var calls = []struct {
	pkg, name string // name "" forbids the import itself
	rooms     []string
	tests     bool
}{
	{"time", "Now", []string{"cmd/guichet", "e2e"}, true},
	{"time", "Sleep", nil, false},
	{"os", "Getenv", []string{"cmd/guichet", "e2e"}, true},
	{"os", "LookupEnv", []string{"cmd/guichet", "e2e"}, true},
	{"math/rand", "", nil, false},
	{"math/rand/v2", "", []string{"cmd/guichet/town"}, true},
}

// Calls names the places that ask the machine for what should be a parameter.
func Calls(files []*File) (faults []string) {
	for _, f := range files {
		for _, c := range calls {
			if c.tests && f.Test || slices.ContainsFunc(c.rooms, func(r string) bool { return within(f.Room, r) }) {
				continue
			}
			local, imported := importedAs(f, c.pkg)
			if !imported {
				continue
			}
			if c.name == "" {
				faults = append(faults, f.Path+": imports "+c.pkg)
				continue
			}
			ast.Inspect(f.Tree, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == c.name {
					if x, ok := s.X.(*ast.Ident); ok && x.Name == local {
						faults = append(faults, f.at(s.Pos())+": "+c.pkg+"."+c.name)
					}
				}
				return true
			})
		}
	}
	return faults
}

func importedAs(f *File, pkg string) (local string, ok bool) {
	i := slices.Index(f.Imports(), pkg)
	if i < 0 {
		return "", false
	}
	if name := f.Tree.Imports[i].Name; name != nil {
		return name.Name, true
	}
	return path.Base(pkg), true
}

// unfinished finds what a reader should never meet: work put off, a test that
// passes by not running. The words are split here so that this file is clean.
var unfinished = regexp.MustCompile(`\b[tbf]\.Skip(f|Now)?\(|\bTO` + `DO\b|\bFIX` + `ME\b|\bXX` + `X\b|lorem ` + `ipsum|not ` + `implemented`)

// elsewhere finds addresses of one machine and of download hosts.
var elsewhere = regexp.MustCompile(`(^|[^\w.])/(root|Users|home/\w+)/|https?://(proxy|registry|deb|mirror)[.a-z-]*/`)

// Words names the lines that are unfinished or tie the project to a machine.
func Words(t *Tree) (faults []string) {
	for _, name := range t.Names {
		if name == "go.sum" || strings.HasSuffix(name, "_templ.go") {
			continue
		}
		number := 0
		for line := range strings.Lines(t.text(name)) {
			number++
			if hit := unfinished.FindString(line); hit != "" {
				faults = append(faults, fmt.Sprintf("%s:%d: %q is unfinished work", name, number, hit))
			}
			if hit := elsewhere.FindString(line); hit != "" || strings.Contains(line, t.Root+"/") {
				faults = append(faults, fmt.Sprintf("%s:%d: %q belongs to one machine", name, number, hit))
			}
		}
	}
	return faults
}

// Spread gives the median and the ninth decile of the lengths of hand-written Go files that are no tests.
func Spread(files []*File) (median, nineInTen int) {
	var lines []int
	for _, f := range files {
		if !f.Generated && !f.Test {
			lines = append(lines, f.Lines)
		}
	}
	if len(lines) == 0 {
		return 0, 0
	}
	slices.Sort(lines)
	return lines[len(lines)/2], lines[len(lines)*9/10]
}
