package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"sort"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/pelletier/go-toml/v2"

	"guichet/portal/config"
)

const envPrefix = "GUICHET_"

// settingSources answers what the flags left open: first the environment, then
// the file.
type settingSources struct {
	env  map[string]string
	file map[string]any
	path string            // of the file
	told map[string]string // by the flag's name: where its value stands
}

// lent are variables that Kubernetes sets for its services, one of which may be
// called like us; no setting's name ends so.
var lent = regexp.MustCompile(`^(.+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)

// checkEnv names variables that look like ours and are none: whoever mistypes
// DATABASE must not serve an empty one. Values are not told (G12).
func (s *settingSources) checkEnv(app *kong.Kong) error {
	var wrong []string
	known := settingNames(app)
	for variable, value := range s.env {
		name, ours := cutPrefixFold(variable, envPrefix)
		switch {
		case !ours || strings.HasPrefix(variable, envPrefix) && (known[name] || lent.MatchString(name)):
		case strings.HasSuffix(variable, "PORT") && strings.Contains(value, "://"): // lent, too: "tcp://10.0.0.1:8080"
		default:
			wrong = append(wrong, fmt.Sprintf("%s in the environment is no setting%s", variable, didYouMean(envPrefix, name, known)))
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	sort.Strings(wrong)
	return fileError{errors.New(strings.Join(wrong, "; "))}
}

func cutPrefixFold(text, prefix string) (rest string, ok bool) {
	if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return text, false
	}
	return text[len(prefix):], true
}

// settingNames are those that environment and file know; CONFIG names the file
// itself, and only the environment can.
func settingNames(app *kong.Kong) map[string]bool {
	known := map[string]bool{}
	for _, flag := range app.Model.Flags {
		if name := config.EnvName(flag.Name); name != "HELP" {
			known[name] = true
		}
	}
	return known
}

func didYouMean(prefix, name string, known map[string]bool) string {
	if near := config.Nearest(config.EnvName(name), known); near != "" {
		if prefix == "" && name == strings.ToLower(name) {
			near = strings.ToLower(near)
		}
		return "; did you mean " + prefix + near + "?"
	}
	return "; guichet config prints all"
}

// configFile reads the settings file before the flags are resolved.
type configFile string

// BeforeResolve implements kong's hook for a flag that was given.
func (configFile) BeforeResolve(sources *settingSources, app *kong.Kong, ctx *kong.Context, at *kong.Path) error {
	file, _ := ctx.FlagValue(at.Flag).(configFile)
	return sources.load(string(file), app)
}

// fileError is what is wrong with the settings' file or the environment,
// whichever flag was looked for there when that showed.
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
	read := map[string]any{}
	s.file, s.path = map[string]any{}, path
	if err := toml.Unmarshal(text, &read); err != nil {
		var at *toml.DecodeError
		if errors.As(err, &at) {
			line, column := at.Position()
			return fmt.Errorf("%s line %d column %d: %w", path, line, column, err)
		}
		return fmt.Errorf("%s: %w", path, err)
	}
	known := settingNames(app)
	delete(known, "CONFIG")
	var wrong []error
	for name, value := range read {
		upper := config.EnvName(name)
		_, twice := s.file[upper]
		switch {
		case !known[upper]:
			wrong = append(wrong, fmt.Errorf("%s line %d: %s is no setting%s", path, lineOf(string(text), name), name, didYouMean("", name, known)))
		case twice:
			wrong = append(wrong, fmt.Errorf("%s: %s stands there twice, in capitals and in small letters", path, upper))
		}
		s.file[upper] = value
	}
	sort.Slice(wrong, func(i, j int) bool { return wrong[i].Error() < wrong[j].Error() })
	return errors.Join(wrong...)
}

func lineOf(text, name string) int {
	for i, line := range strings.Split(text, "\n") {
		if key, _, ok := strings.Cut(line, "="); ok && strings.Trim(strings.TrimSpace(key), `"'`) == name {
			return i + 1
		}
	}
	return 1
}

// Validate implements kong.Resolver.
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
	if s.file == nil {
		if err := s.find(ctx.Kong); err != nil {
			return nil, err
		}
	}
	if value := s.env[envPrefix+name]; value != "" {
		s.told[flag.Name] = envPrefix + name
		return value, nil
	}
	if s.file[name] != nil {
		s.told[flag.Name] = s.path + ": " + name
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

// find reads the file that GUICHET_CONFIG names, or else the one of the current
// folder where there is one; --config was read before.
func (s *settingSources) find(app *kong.Kong) error {
	if path := s.env[envPrefix+"CONFIG"]; path != "" {
		return s.load(path, app)
	}
	s.file = map[string]any{}
	if _, err := os.Stat("guichet.toml"); err == nil {
		return s.load("guichet.toml", app)
	}
	return nil
}

// blame says where a value stands that its flag could not take.
func (s *settingSources) blame(err error) error {
	flag, why, ok := strings.Cut(strings.TrimPrefix(err.Error(), "--"), ": ")
	if place := s.told[flag]; ok && place != "" {
		return errors.New(place + ": " + why)
	}
	return err
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
	if err := s.Check(); err != nil {
		return usageError{err}
	}
	return nil
}
