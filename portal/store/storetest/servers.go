package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// server is a program started for this test program and gone with it.
type server struct {
	dir, address string
	lifeline     *os.File // held open: its end ends the server
	made         atomic.Int64
}

// keeper starts "$@" and stays until its standard input ends, which the kernel
// sees to however the test program dies; then nothing is left behind. The
// folder's own removal is last, so that a missing folder means a clean end.
const keeper = `"$@" </dev/null & read _; kill -"$0" $!; wait $!; rm -rf "$PWD"`

// start runs a program under the keeper in dir, as owner (nil: as ourselves);
// signal ends it.
func start(dir, signal string, owner *syscall.Credential, program string, args ...string) (*os.File, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	log, err := os.Create(filepath.Join(dir, "server.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command("/bin/sh", append([]string{"-c", keeper, signal, program}, args...)...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, read, log, log
	// An interrupt at the terminal must reach the test program only.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: owner}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return write, cmd.Process.Release()
}

// await calls ask until the server answers.
func await(dir string, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(dir, "server.log"))
			return fmt.Errorf("server does not answer: %w\n%s", err, log)
		case <-tick.C:
		}
	}
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), l.Close()
}

// Postgres gives the DSN of a new empty database on this test program's server.
func Postgres(t testing.TB) string {
	t.Helper()
	return newPostgres(t, "")
}

var postgres = sync.OnceValues(func() (*server, error) {
	bin, err := postgresBin()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "guichet-pg-")
	if err != nil {
		return nil, err
	}
	var owner *syscall.Credential
	if os.Geteuid() == 0 { // PostgreSQL refuses to run as root
		if owner, err = credential("postgres"); err != nil {
			return nil, err
		}
		if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
			return nil, err
		}
	}
	data := filepath.Join(dir, "data")
	// Text compares by language rules, not bytes, as on many a real server.
	init := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "guichet", "-A", "trust", "-N",
		"-E", "UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=fr-BE")
	init.Dir, init.SysProcAttr = dir, &syscall.SysProcAttr{Credential: owner}
	if out, err := init.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, address: "postgres://guichet@127.0.0.1:" + port + "/"}
	// fsync=off saves the disk; it matters only where the machine itself dies.
	s.lifeline, err = start(dir, "QUIT", owner, filepath.Join(bin, "postgres"), "-D", data, "-p", port, "-k", dir,
		"-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=400",
		"-c", "shared_buffers=64MB", "-c", "full_page_writes=off")
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("pgx", s.address+"postgres")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return s, await(dir, db.PingContext)
})

func postgresBin() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return "", errors.New("PostgreSQL's programs are missing: apt-get install postgresql")
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1]), nil
}

func credential(name string) (*syscall.Credential, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("run as root PostgreSQL needs the user %s: apt-get install postgresql: %w", name, err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

// Redis gives the redis:// URL of an empty database on a real server.
func Redis(t testing.TB) string {
	t.Helper()
	s, err := redisServer()
	require.NoError(t, err)
	return fmt.Sprintf("%s%d", s.address, s.made.Add(1))
}

var redisServer = sync.OnceValues(func() (*server, error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, errors.New("redis-server is missing: apt-get install redis-server")
	}
	dir, err := os.MkdirTemp("", "guichet-redis-")
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, address: "redis://127.0.0.1:" + port + "/"}
	s.lifeline, err = start(dir, "TERM", nil, program, "--port", port, "--bind", "127.0.0.1", "--dir", dir,
		"--save", "", "--appendonly", "no", "--databases", "4096")
	if err != nil {
		return nil, err
	}
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + port})
	defer client.Close()
	return s, await(dir, func(ctx context.Context) error { return client.Ping(ctx).Err() })
})
