package dbtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgres is a private server that listens on a Unix socket in its own folder only.
type postgres struct {
	dir     string
	process *exec.Cmd
}

var startPostgres = sync.OnceValues(func() (*postgres, error) {
	bin, err := findPostgres()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "campaignlark-pg-")
	if err != nil {
		return nil, err
	}
	p := &postgres{dir: dir}
	if err := p.start(bin); err != nil {
		return nil, err
	}
	if err := p.exec("CREATE DATABASE campaignlark"); err != nil {
		return nil, err
	}
	running = p
	return p, migrate(p.url("campaignlark"))
})

var running *postgres

func stopPostgres() {
	if running == nil {
		return
	}
	running.process.Process.Signal(syscall.SIGQUIT)
	running.process.Wait()
	os.RemoveAll(running.dir)
}

// findPostgres returns the folder of initdb and postgres: Debian keeps it off the PATH.
func findPostgres() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return "", errors.New("the tests need Postgres: initdb was not found; run `make test`, which installs it")
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1]), nil
}

// credential makes the server run as the user postgres when the tests run as root, whom initdb refuses.
func (p *postgres) credential() (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Getuid() != 0 {
		return attr, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("the tests run as root and need a user named postgres: %w", err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, os.Chown(p.dir, uid, gid)
}

func (p *postgres) start(bin string) error {
	attr, err := p.credential()
	if err != nil {
		return err
	}
	data := filepath.Join(p.dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", data)
	initdb.SysProcAttr, initdb.Dir = attr, p.dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, bytes.TrimSpace(out))
	}
	p.process = exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", p.dir, "-c", "listen_addresses=",
		"-c", "fsync=off", "-c", "max_connections=400", "-c", "shared_buffers=128MB", "-c", "autovacuum=off")
	p.process.SysProcAttr, p.process.Dir = attr, p.dir
	started := make(chan error)
	go func() { // Pdeathsig follows the thread that forked: keep it for the life of the process
		runtime.LockOSThread()
		started <- p.process.Start()
		select {}
	}()
	if err := <-started; err != nil {
		return err
	}
	return p.wait()
}

func (p *postgres) wait() error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		err := p.exec("SELECT 1")
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the test Postgres does not answer: %w", err)
		}
		<-time.After(20 * time.Millisecond)
	}
}

func (p *postgres) url(database string) string {
	return "postgres://postgres@/" + database + "?host=" + p.dir
}

func (p *postgres) exec(sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, p.url("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}
