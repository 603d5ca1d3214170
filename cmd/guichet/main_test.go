package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"guichet/portal/registry"
)

// told is what a command answered.
type told struct {
	status   int
	out, err string
}

// guichet runs a command in a folder of its own, with an environment of its own.
func guichet(t *testing.T, dir string, env map[string]string, in string, args ...string) told {
	t.Helper()
	t.Chdir(dir)
	var out, errOut bytes.Buffer
	status := run(context.Background(), args, strings.NewReader(in), &out, &errOut, env)
	return told{status, out.String(), errOut.String()}
}

func TestExitStatusAndReasons(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"help":                  {[]string{"--help"}, 0, ""},
		"help of a command":     {[]string{"import", "registry", "--help"}, 0, ""},
		"no such command":       {[]string{"open"}, 2, "unexpected argument"},
		"no such flag":          {[]string{"serve", "--fast"}, 2, "unknown flag"},
		"no keys":               {[]string{"serve"}, 1, "guichet migrate --new-keys"},
		"a wrong setting":       {[]string{"serve", "--listen", "8080"}, 2, `LISTEN: "8080" is not HOST:PORT`},
		"a wrong EAN":           {[]string{"import", "readings", "--for", "541499000000123456", "x.csv"}, 2, "check digit"},
		"a missing file name":   {[]string{"import", "registry"}, 2, "name a file"},
		"no file of references": {[]string{"import", "references"}, 2, "name a file"},
		"a column of another":   {[]string{"import", "references", "--map", "Rue=street", "x.csv"}, 2, "not a column"},
		"again and replace":     {[]string{"issue", "references", "--again", "--limit", "1", "--replace-legacy"}, 2, "without --again"},
		"letters to everybody":  {[]string{"issue", "references", "--again"}, 2, "--limit"},
	} {
		got := guichet(t, dir, nil, "", c.args...)
		require.Equal(t, c.status, got.status, "%s: %s", name, got.err)
		require.Contains(t, got.err, c.says, name)
	}
}

// full is standard output on a full disk, or a pipe that was closed.
type full struct{ err error }

func (f full) Write([]byte) (int, error) { return 0, f.err }

func TestOutputThatIsLostIsAFailure(t *testing.T) {
	t.Chdir(t.TempDir())
	for failure, status := range map[error]int{syscall.ENOSPC: 1, syscall.EPIPE: 0} {
		var errOut bytes.Buffer
		got := run(context.Background(), []string{"config"}, strings.NewReader(""), full{failure}, &errOut, nil)
		require.Equal(t, status, got, errOut.String())
		require.Equal(t, status == 1, strings.Contains(errOut.String(), "standard output: no space left on device"), errOut.String())
	}
}

// A title of the file is foreign text: T8.
func TestForeignTitlesStayInert(t *testing.T) {
	dir := t.TempDir()
	require.Zero(t, guichet(t, dir, nil, "", "migrate", "--new-keys").status)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "town.csv"), []byte("ean;\x1b[2Jcolour\u202e\n"), 0o600))
	got := guichet(t, dir, nil, "", "import", "registry", "town.csv")
	require.Equal(t, 1, got.status)
	require.Contains(t, got.err, `\u{1b}[2Jcolour\u{202e}`)
	require.NotContains(t, got.err, "\x1b")
}

// Every command's help has an example.
func TestHelpHasExamples(t *testing.T) {
	for _, command := range []string{"serve", "demo", "migrate", "import registry", "import readings", "import references", "issue references",
		"staff add", "staff list", "staff end", "audit verify", "audit head", "audit accept-restore", "switch",
		"simulate attack", "simulate mailing", "bench", "config"} {
		got := guichet(t, t.TempDir(), nil, "", append(strings.Fields(command), "--help")...)
		require.Zero(t, got.status, command)
		require.Contains(t, got.out, "Example: ", command)
	}
}

// Flags win over the environment, which wins over the file, which wins over
// the defaults; secrets print masked (G12).
func TestSettingsByStrength(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "guichet.toml"), []byte(
		"# ours\nlisten = \"127.0.0.1:1\"\ndesk_listen = \"127.0.0.1:2\"\noperator = \"File\"\ntrusted_proxies = [\"10.0.0.1\", \"10.1.0.0/16\"]\n"), 0o600))
	env := map[string]string{"GUICHET_DESK_LISTEN": "127.0.0.1:3", "GUICHET_OPERATOR": "Environment",
		"GUICHET_DATABASE": "postgres://guichet:s3cret@db/guichet"}
	got := guichet(t, dir, env, "", "config", "--operator", "Flag")
	require.Zero(t, got.status, got.err)
	for _, line := range []string{"LISTEN = 127.0.0.1:1\n", "DESK_LISTEN = 127.0.0.1:3\n", "OPERATOR = Flag\n",
		"ADMIN_LISTEN = 127.0.0.1:9090\n", "TRUSTED_PROXIES = [10.0.0.1 10.1.0.0/16]\n", "postgres://guichet:****@db/guichet"} {
		require.Contains(t, got.out, line)
	}
	require.NotContains(t, got.out+got.err, "s3cret")

	other := filepath.Join(dir, "other.toml")
	require.NoError(t, os.WriteFile(other, []byte("operator = \"Other\"\n"), 0o600))
	got = guichet(t, dir, nil, "", "--config", other, "config")
	require.Contains(t, got.out, "OPERATOR = Other\n", got.err)
}

func TestSettingsFileIsNamedByLine(t *testing.T) {
	dir := t.TempDir()
	for text, says := range map[string]string{
		"listen = \"127.0.0.1:1\"\n\nlisen = \"x\"\n": "guichet: guichet.toml line 3: lisen is no setting; did you mean listen?",
		"listen = \n":              "guichet: guichet.toml line 1",
		"listen='a'\nLISTEN='b'\n": "guichet: guichet.toml: LISTEN stands there twice",
		"config = \"x\"\n":         "guichet: guichet.toml line 1: config is no setting",
		"harm_a_day = \"many\"\n":  "guichet: guichet.toml: HARM_A_DAY: expected a valid 64 bit int",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "guichet.toml"), []byte(text), 0o600))
		got := guichet(t, dir, nil, "", "config")
		require.Equal(t, 2, got.status)
		require.Contains(t, got.err, says)
	}
}

// A variable of ours that is none is refused by name, as in the file: with
// DATABSE somebody would serve an empty SQLite. Values stay untold (G12).
func TestVariablesThatAreNoSettings(t *testing.T) {
	dir := t.TempDir()
	for variable, says := range map[string]string{
		"GUICHET_DATABSE":      "did you mean GUICHET_DATABASE?",
		"GUICHET_DATABASE_URL": "did you mean GUICHET_DATABASE?",
		"GUICHET_REDIS_URL":    "did you mean GUICHET_REDIS?",
		"guichet_database":     "did you mean GUICHET_DATABASE?",
		"GUICHET_HELP":         "is no setting",
		"GUICHET_PORT":         "is no setting",
		"GUICHET_":             "is no setting",
		"GUICHET_E2E":          "is no setting; guichet config prints all",
	} {
		for _, args := range [][]string{{"config"}, {"serve"}, {"audit", "check", "x"}} {
			got := guichet(t, dir, map[string]string{variable: "s3cret"}, "", args...)
			require.Equal(t, 2, got.status, variable)
			require.Contains(t, got.err, "guichet: "+variable+" in the environment ", variable)
			require.Contains(t, got.err, says, variable)
			require.Equal(t, 1, strings.Count(got.err, "\n"), got.err)
			require.NotContains(t, got.out+got.err, "s3cret")
		}
	}
	require.Zero(t, guichet(t, dir, map[string]string{"GUICHET_DATABSE": "x"}, "", "--help").status, "help is always given")
	got := guichet(t, dir, map[string]string{"GUICHET_HARM_A_DAY": "many"}, "", "config")
	require.Equal(t, 2, got.status)
	require.Contains(t, got.err, "guichet: GUICHET_HARM_A_DAY: expected")

	// What Kubernetes sets for a service called guichet is not meant for us.
	got = guichet(t, dir, map[string]string{"GUICHET_SERVICE_HOST": "10.0.0.1", "GUICHET_SERVICE_PORT": "80", "GUICHET_SERVICE_PORT_HTTP": "80",
		"GUICHET_PORT": "tcp://10.0.0.1:80", "GUICHET_PORT_80_TCP": "tcp://10.0.0.1:80", "GUICHET_DESK_PORT_80_TCP_ADDR": "10.0.0.1"}, "", "config")
	require.Zero(t, got.status, got.err)
}

// The environment may name the file; one that is not there is no empty one.
func TestFileNamedInTheEnvironment(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "guichet.toml"), []byte("operator = \"Here\"\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "other.toml"), []byte("operator = \"Other\"\n"), 0o600))
	got := guichet(t, dir, map[string]string{"GUICHET_CONFIG": "other.toml"}, "", "config")
	require.Contains(t, got.out, "OPERATOR = Other\n", got.err)
	got = guichet(t, dir, map[string]string{"GUICHET_CONFIG": "other.toml"}, "", "config", "--config", "guichet.toml")
	require.Contains(t, got.out, "OPERATOR = Here\n", got.err)
	got = guichet(t, dir, map[string]string{"GUICHET_CONFIG": "nowhere.toml"}, "", "config")
	require.Equal(t, 2, got.status)
	require.Contains(t, got.err, "guichet: open nowhere.toml: no such file")
}

// The operator's first day: keys and tables, a town, letters, a colleague.
func TestFirstDay(t *testing.T) {
	dir := t.TempDir()
	must := func(in string, args ...string) told {
		t.Helper()
		got := guichet(t, dir, nil, in, args...)
		require.Zero(t, got.status, got.err)
		return got
	}
	must("", "migrate", "--new-keys")
	require.Contains(t, must("", "migrate").out, "up to date")

	town := filepath.Join(dir, "town.csv")
	require.NoError(t, os.WriteFile(town, []byte(registry.Example()), 0o600))
	require.Contains(t, must("", "import", "registry", "--dry-run", town).out, "nothing written")
	require.Contains(t, must("", "import", "registry", town).out, "2 new")
	require.Contains(t, must("", "import", "registry", town).out, "nothing changed")
	require.Equal(t, registry.Example(), must("", "import", "registry", "--example").out)

	require.Contains(t, must("", "issue", "references").out, "2 references drawn, 1 envelopes; 1 letters written")
	letters, err := filepath.Glob(filepath.Join(dir, "outbox", "*"))
	require.NoError(t, err)
	require.Len(t, letters, 2, "PDF and HTML")
	require.Contains(t, must("", "issue", "references").out, "0 references drawn")

	readings := filepath.Join(dir, "day.csv")
	require.NoError(t, os.WriteFile(readings, []byte("Van datum;Van tijdstip;Tot datum;Tot tijdstip;EAN;Meter;Metertype;Register;Volume;Eenheid;Validatiestatus\n"+
		"01-09-2024;00:00:00;02-09-2024;00:00:00;541499000000123455;1SAG1100076616;Digitale meter;Afname Dag;7,125;kWh;Uitgelezen\n"), 0o600))
	require.Contains(t, must("", "import", "readings", readings).out, "7.125 kWh in 1 rows")
	require.Contains(t, must("", "import", "readings", readings).out, "nothing changed")

	got := guichet(t, dir, nil, "password1234\n", "staff", "add", "a.peters", "--name", "Anna Peters", "--role", "agent")
	require.Equal(t, 1, got.status)
	require.Contains(t, got.err, "lists of known ones")
	require.NotContains(t, got.err, "password1234", "G12")
	require.Contains(t, must("a long walk by the river\n", "staff", "add", "a.peters", "--name", "Anna Peters", "--role", "agent").out, "otpauth://totp/")
	require.Contains(t, must("", "staff", "list").out, "Anna Peters")
	must("", "staff", "end", "a.peters")
	require.Contains(t, must("", "staff", "list").out, "ended")

	require.Contains(t, must("", "audit", "verify").out, "the trail verifies")
}

// T29: keys that do not match the database, a demo's database, and a database
// that demo did not make are refused; nothing of them changes.
func TestT29ForeignKeysAndDatabases(t *testing.T) {
	dir := t.TempDir()
	ok := func(args ...string) { t.Helper(); require.Zero(t, guichet(t, dir, nil, "", args...).status) }
	ok("migrate", "--new-keys", "--keys", "ours", "--database", "sqlite:ours.db")
	ok("migrate", "--new-keys", "--keys", "others", "--database", "sqlite:others.db")

	for _, args := range [][]string{
		{"serve"}, {"migrate"}, {"issue", "references"}, {"staff", "list"},
	} {
		got := guichet(t, dir, nil, "", append(args, "--keys", "others", "--database", "sqlite:ours.db")...)
		require.Equal(t, 1, got.status)
		require.Contains(t, got.err, "these keys do not belong to this database")
	}
	got := guichet(t, dir, nil, "", "demo", "--keys", "ours", "--database", "sqlite:ours.db")
	require.Equal(t, 1, got.status)
	require.Contains(t, got.err, "demo did not make this database")

	got = guichet(t, dir, nil, "", "serve", "--keys", "ours", "--database", "sqlite:nowhere.db")
	require.Contains(t, got.err, "does not exist")
	require.NoFileExists(t, filepath.Join(dir, "nowhere.db"))
}
