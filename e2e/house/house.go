// Package house holds the rules that every file of the project keeps: who may
// import whom, what a package must say of itself, how long a file may grow,
// and which calls would make a room depend on the machine instead of on its
// parameters. It reads source text only, so it also judges code that does not
// build.
package house

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Module is the import path of the project.
const Module = "guichet"

// File is one Go file.
type File struct {
	Path      string // from the root, with slashes
	Room      string // its folder: "portal/metering"
	Lines     int
	Test      bool // _test.go, or a package that only tests import (storetest)
	Generated bool
	Tree      *ast.File
	set       *token.FileSet
}

// Imports gives the paths of what the file imports.
func (f *File) Imports() []string {
	var all []string
	for _, spec := range f.Tree.Imports {
		p, _ := strconv.Unquote(spec.Path.Value)
		all = append(all, p)
	}
	return all
}

// at names a place of the file.
func (f *File) at(pos token.Pos) string {
	return fmt.Sprintf("%s:%d", f.Path, f.set.Position(pos).Line)
}

// Parse reads one Go file's text.
func Parse(name string, text []byte) (*File, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	room := path.Dir(name)
	return &File{
		Path: name, Room: room, Lines: strings.Count(string(text), "\n"),
		Test:      strings.HasSuffix(name, "_test.go") || strings.HasSuffix(room, "test"),
		Generated: ast.IsGenerated(tree),
		Tree:      tree, set: set,
	}, nil
}

// Tree is the project's text.
type Tree struct {
	Root  string
	Names []string // every file that git knows or would add, with slashes
	Go    []*File
}

// Read reads the project that lies in root.
func Read(root string) (*Tree, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w", err)
	}
	t := &Tree{Root: root}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if os.IsNotExist(err) {
			continue // deleted, not yet committed
		}
		if err != nil {
			return nil, err
		}
		t.Names = append(t.Names, name)
		if !strings.HasSuffix(name, ".go") {
			continue
		}
		f, err := Parse(name, text)
		if err != nil {
			return nil, err
		}
		t.Go = append(t.Go, f)
	}
	slices.Sort(t.Names)
	return t, nil
}

// text gives a file's content, "" for what is no text.
func (t *Tree) text(name string) string {
	b, err := os.ReadFile(filepath.Join(t.Root, filepath.FromSlash(name)))
	if err != nil || slices.Contains(b[:min(len(b), 8000)], 0) {
		return ""
	}
	return string(b)
}
