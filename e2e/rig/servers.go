package rig

import (
	"context"
	"errors"
	"fmt"
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

// server is a service of this test program, which dies with it.
type server struct {
	address string
	made    atomic.Int64
}

func launch(dir string, owner *syscall.Credential, program string, args ...string) error {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Credential: owner}
	if err := cmd.Start(); err != nil {
		return err
	}
	go cmd.Wait()
	return nil
}

func await(ask func() error) error {
	end := time.After(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-end:
			return err
		case <-tick.C:
		}
	}
}

// redisServer runs with room for a database per portal.
var redisServer = sync.OnceValues(func() (*server, error) {
	dir, err := scratch()
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	err = launch(dir, nil, "redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", dir,
		"--save", "", "--appendonly", "no", "--databases", "1024")
	if err != nil {
		return nil, fmt.Errorf("redis-server (Debian package redis-server): %w", err)
	}
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + port})
	defer client.Close()
	return &server{address: "127.0.0.1:" + port}, await(func() error { return client.Ping(context.Background()).Err() })
})

// RedisURL gives an empty database on a real Redis.
func RedisURL(t testing.TB) string {
	t.Helper()
	s, err := redisServer()
	require.NoError(t, err)
	// Beside browsers on few cores nobody answers within 150 ms each time.
	return fmt.Sprintf("redis://%s/%d?read_timeout=3s", s.address, s.made.Add(1))
}

// apart is PostgreSQL's folder, for Sweep.
var apart string

// postgresServer runs a cluster made for this run; PostgreSQL refuses root, so
// root lends it to the package's own user.
var postgresServer = sync.OnceValues(func() (*server, error) {
	bin, err := postgresBin()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "guichet-e2e-pg-") // apart: its owner cannot look into ours
	if err != nil {
		return nil, err
	}
	apart = dir
	var owner *syscall.Credential
	if os.Geteuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			return nil, err
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		owner = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(dir, uid, gid); err != nil {
			return nil, err
		}
	}
	data := filepath.Join(dir, "data")
	init := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "guichet", "-A", "trust", "-E", "UTF8", "-N", "--locale=C.UTF-8")
	init.Dir, init.SysProcAttr = dir, &syscall.SysProcAttr{Credential: owner}
	if out, err := init.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	err = launch(dir, owner, filepath.Join(bin, "postgres"), "-D", data, "-p", port, "-k", dir,
		"-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=200")
	if err != nil {
		return nil, err
	}
	s := &server{address: "postgres://guichet@127.0.0.1:" + port + "/"}
	return s, await(func() error {
		return exec.Command(filepath.Join(bin, "pg_isready"), "-q", "-h", "127.0.0.1", "-p", port).Run()
	})
})

func postgresBin() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		path, err = filepath.EvalSymlinks(path) // the others stand beside the real one
		return filepath.Dir(path), err
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return "", errors.New("PostgreSQL's programs are missing (Debian package postgresql)")
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1]), nil
}

// PostgresURL gives an empty database on a real PostgreSQL.
func PostgresURL(t testing.TB) string {
	t.Helper()
	s, err := postgresServer()
	require.NoError(t, err)
	bin, err := postgresBin()
	require.NoError(t, err)
	name := fmt.Sprintf("e2e%d", s.made.Add(1))
	out, err := exec.Command(filepath.Join(bin, "psql"), s.address+"postgres", "-qc", "CREATE DATABASE "+name).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return s.address + name
}
