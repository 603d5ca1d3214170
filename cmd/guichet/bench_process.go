package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const quietMoment = 15 * time.Second

// measureServe makes a fresh database in dir, starts this same program on it
// and gives the time until it is ready and its memory (resident, in MB) after
// a quiet moment.
func measureServe(ctx context.Context, dir string) (start time.Duration, idleMB float64, err error) {
	env, admin, err := benchEnv(dir)
	if err != nil {
		return 0, 0, err
	}
	self, err := os.Executable()
	if err != nil {
		return 0, 0, err
	}
	migrate := exec.CommandContext(ctx, self, "migrate", "--new-keys")
	migrate.Env = env
	if out, err := migrate.CombinedOutput(); err != nil {
		return 0, 0, fmt.Errorf("migrate: %w: %s", err, out)
	}
	return startServe(ctx, env, admin)
}

// startServe starts this same program on what env names and gives the time until
// it is ready, and its memory after a quiet moment.
func startServe(ctx context.Context, env []string, admin string) (start time.Duration, idleMB float64, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, 0, err
	}
	serve := exec.CommandContext(ctx, self, "serve")
	serve.Env = env
	began := time.Now()
	if err := serve.Start(); err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, endProcess(serve)) }()
	if err := awaitReady(ctx, "http://"+admin+"/readyz"); err != nil {
		return 0, 0, err
	}
	start = time.Since(began)
	// The quiet moment is what is measured: a process that has settled, and all of
	// whose jobs have run again since it gave back what only its start needed.
	select {
	case <-ctx.Done():
		return 0, 0, ctx.Err()
	case <-time.After(quietMoment):
	}
	idleMB, err = residentMB(serve.Process.Pid)
	return start, idleMB, err
}

// measureDemo gives the time from nothing to the demo's first line.
func measureDemo(ctx context.Context, dir string) (_ time.Duration, err error) {
	env, _, err := benchEnv(dir)
	if err != nil {
		return 0, err
	}
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	demo := exec.CommandContext(ctx, self, "demo", "--json", "--dir", dir)
	demo.Env = env
	out, err := demo.StdoutPipe()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if err := demo.Start(); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, endProcess(demo)) }()
	line, err := bufio.NewReader(out).ReadBytes('\n')
	took := time.Since(began)
	if err == nil && !bytes.HasPrefix(line, []byte("{")) {
		err = fmt.Errorf("demo printed %q", line)
	}
	return took, err
}

// benchEnv sets free ports and files in dir, and nothing of the caller's.
func benchEnv(dir string) (env []string, admin string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, "", err
	}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, envPrefix) {
			env = append(env, v)
		}
	}
	for _, name := range []string{"LISTEN", "DESK_LISTEN", "ADMIN_LISTEN"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, "", err
		}
		admin = l.Addr().String()
		if err := l.Close(); err != nil {
			return nil, "", err
		}
		env = append(env, envPrefix+name+"="+admin)
	}
	return append(env,
		envPrefix+"DATABASE=sqlite:"+dir+"/guichet.db", envPrefix+"KEYS="+dir+"/keys",
		envPrefix+"TRAIL_HEADS=file:"+dir+"/trail-heads.log", envPrefix+"OUTBOX="+dir+"/outbox"), admin, nil
}

func awaitReady(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if res, err := http.DefaultClient.Do(req); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: not ready: %w", url, ctx.Err())
		case <-tick.C:
		}
	}
}

func endProcess(cmd *exec.Cmd) error {
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return cmd.Wait()
}

// residentMB reads a process's resident memory where the system tells it.
func residentMB(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			return kb / 1024, err
		}
	}
	return 0, errors.New("the system does not tell a process's memory")
}
