package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"guichet/portal/config"
	"guichet/portal/registry"
)

// importFlags are what the imports of tables have in common.
type importFlags struct {
	DryRun  bool     `help:"Show what would change, and change nothing."`
	Map     string   `placeholder:"TITLE=COLUMN,..." help:"Name columns by other titles (- ignores one) and the encoding (encoding=windows-1252)."`
	Example bool     `help:"Print an example file and leave."`
	JSON    bool     `name:"json" help:"Print JSON, one object a file."`
	Files   []string `arg:"" optional:"" name:"file" help:"Files to import."`
}

// open demands files, reads --map, and opens what they are imported into.
func (c importFlags) open(ctx context.Context, set *config.Settings, parse func(string) (registry.Options, error)) (*foundation, registry.Options, error) {
	if len(c.Files) == 0 {
		return nil, registry.Options{}, usageError{errors.New("name a file to import")}
	}
	o, err := parse(c.Map)
	if err != nil {
		return nil, o, usageError{fmt.Errorf("--map: %w", err)}
	}
	f, err := openForCommand(ctx, set.Default())
	return f, o, err
}

// each imports one file after another and names those that failed; done
// counts the others. Who interrupts it is told what entered.
func (c importFlags) each(ctx context.Context, one func(name string) error) (done int, err error) {
	var failed []error
	for i, name := range c.Files {
		err := one(name)
		if err != nil && ctx.Err() != nil {
			failed = append(failed, fmt.Errorf("%s: %w, nothing of it is kept; %d of %d files were done before", name, errInterrupted, done, i))
			break
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", name, err))
			continue
		}
		done++
	}
	return done, errors.Join(failed...)
}

// input is a file being imported. It ends where somebody interrupts the
// command, and knows whether anything stands below its first line.
type input struct {
	*os.File
	ctx   context.Context
	below bool // the first line's end was read
	rows  bool
}

func openInput(ctx context.Context, name string) (*input, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return nil, errors.Join(errors.New("it is a folder; name the files in it"), file.Close())
	}
	return &input{File: file, ctx: ctx}, nil
}

// Read implements io.Reader.
func (in *input) Read(b []byte) (int, error) {
	if in.ctx.Err() != nil {
		return 0, errInterrupted
	}
	n, err := in.File.Read(b)
	for _, c := range b[:n] {
		if in.rows {
			break
		}
		switch c {
		case '\n':
			in.below = true
		case 0, '\r', ' ', '\t': // 0 is half of a line's end in UTF-16
		default:
			in.rows = in.below
		}
	}
	return n, err
}

// tellEmpty says of a file without rows that it had none: an export that broke
// off looks like nothing new.
func (in *input) tellEmpty(t *terminal) {
	if !in.rows {
		t.printf("  the file holds no rows below its header\n")
	}
}

// badLines counts lines, each of which may have several errors.
func badLines(wrong []registry.LineError) error {
	lines := map[int]bool{}
	for _, e := range wrong {
		lines[e.Line] = true
	}
	if len(lines) == 1 {
		return errors.New("not imported: 1 bad line")
	}
	return fmt.Errorf("not imported: %d bad lines", len(lines))
}
