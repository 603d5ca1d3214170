package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/pelletier/go-toml/v2"

	"guichet/portal/config"
)

const envPrefix = "GUICHET_"

// settingSources answers what the flags left open: first the environment, then
// the file.
type settingSources struct {
	env  func(string) (string, bool)
	file map[string]any
}

// configFile reads the settings file before the flags are resolved.
type configFile string

// BeforeResolve implements kong's hook for a flag that was given.
func (configFile) BeforeResolve(sources *settingSources, app *kong.Kong, ctx *kong.Context, at *kong.Path) error {
	file, _ := ctx.FlagValue(at.Flag).(configFile)
	return sources.load(string(file), app)
}

// fileError is what is wrong with the settings file, whichever flag was looked
// for in it when that showed.
type fileError struct{ error }

// load reads a file and names each setting it does not know with its line.
func (s *settingSources) load(path string, app *kong.Kong) error {
	if err := s.read(path, app); err != nil {
		return fileError{err}
	}
	return nil
}

func (s *settingSources) read(path string, app *kong.Kong) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	s.file = map[string]any{}
	if err := toml.Unmarshal(text, &s.file); err != nil {
		var at *toml.DecodeError
		if errors.As(err, &at) {
			line, column := at.Position()
			return fmt.Errorf("%s line %d column %d: %w", path, line, column, err)
		}
		return fmt.Errorf("%s: %w", path, err)
	}
	known := map[string]bool{}
	for _, flag := range app.Model.Flags {
		known[config.EnvName(flag.Name)] = true
	}
	for name, value := range s.file {
		if upper := config.EnvName(name); !known[upper] || upper == "CONFIG" || upper == "HELP" {
			return fmt.Errorf("%s line %d: %s is no setting", path, lineOf(string(text), name), name)
		} else if upper != name {
			delete(s.file, name)
			s.file[upper] = value
		}
	}
	return nil
}

func lineOf(text, name string) int {
	for i, line := range strings.Split(text, "\n") {
		if key, _, ok := strings.Cut(line, "="); ok && strings.Trim(strings.TrimSpace(key), `"'`) == name {
			return i + 1
		}
	}
	return 1
}

// Validate implements kong.Resolver. It also finds the file of the current
// folder where none was named.
func (s *settingSources) Validate(app *kong.Application) error { return nil }

// Resolve implements kong.Resolver.
func (s *settingSources) Resolve(ctx *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
	name := config.EnvName(flag.Name)
	if name == "HELP" {
		return nil, nil
	}
	if parent.App == nil {
		return nil, nil // only settings, never a command's own flags
	}
	if value, ok := s.env(envPrefix + name); ok && value != "" {
		return value, nil
	}
	if s.file == nil && name != "CONFIG" {
		s.file = map[string]any{}
		if _, err := os.Stat("guichet.toml"); err == nil {
			if err := s.load("guichet.toml", ctx.Kong); err != nil {
				return nil, err
			}
		}
	}
	switch value := s.file[name].(type) {
	case nil:
		return nil, nil
	case []any:
		var parts []string
		for _, v := range value {
			parts = append(parts, fmt.Sprint(v))
		}
		return strings.Join(parts, ","), nil
	default:
		return fmt.Sprint(value), nil
	}
}

// configCmd prints the settings in force.
type configCmd struct{}

// Help is shown by --help.
func (configCmd) Help() string {
	return "Example: GUICHET_DATABASE=postgres://guichet:secret@db/guichet guichet config"
}

// Run implements the command.
func (configCmd) Run(set *config.Settings, t *terminal) error {
	s := set.Default()
	for _, line := range s.Lines() {
		t.printf("%s\n", line)
	}
	return s.Check()
}
