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

// Server is a private Postgres server. It listens only on a Unix socket in its own folder.
type Server struct {
	dir     string // of the socket
	data    string
	program string   // path of postgres
	args    []string // of it
	process *exec.Cmd
	ended   <-chan struct{} // closed when the process has ended

	mu    sync.Mutex // guards admin
	admin *pgx.Conn  // creates databases; nil until it is needed
}

// StartPostgres starts a server with the given settings ("fsync=off"). The server has an empty database named campaignlark with
// every migration applied. It ends with Stop, or with the process that started it.
func StartPostgres(settings ...string) (*Server, error) {
	bin, err := findPostgres()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "campaignlark-pg-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, data: filepath.Join(dir, "data")}
	if err := s.create(bin); err != nil {
		return nil, err
	}
	if err := s.start(bin, settings); err != nil {
		return nil, err
	}
	if err := s.exec("CREATE DATABASE campaignlark"); err != nil {
		return nil, err
	}
	return s, migrate(s.URL("campaignlark"))
}

// KeepPostgres is StartPostgres with its data in the folder keep. They stay there after the server's end, for the next start.
func KeepPostgres(keep string, settings ...string) (*Server, error) {
	bin, err := findPostgres()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "campaignlark-pg-") // of the socket, whose path has to be short
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, data: keep}
	_, missing := os.Stat(filepath.Join(keep, "PG_VERSION"))
	if missing != nil {
		if err := s.create(bin); err != nil {
			return nil, err
		}
	}
	if err := s.start(bin, settings); err != nil {
		return nil, err
	}
	if missing != nil {
		if err := s.exec("CREATE DATABASE campaignlark"); err != nil {
			return nil, err
		}
	}
	return s, migrate(s.URL("campaignlark"))
}

// Stop ends the server and removes its data, unless KeepPostgres started it.
func (s *Server) Stop() {
	s.process.Process.Signal(syscall.SIGINT) // breaks connections off too
	<-s.ended
	os.RemoveAll(s.dir)
}

// PID returns the id of the server's main process.
func (s *Server) PID() int { return s.process.Process.Pid }

// Create creates an empty database and returns its DATABASE_URL.
func (s *Server) Create(name string) (string, error) {
	return s.URL(name), s.exec("CREATE DATABASE " + name)
}

// WAL returns how many bytes of write-ahead log the server has written so far.
func (s *Server) WAL(ctx context.Context) (bytes int64, err error) {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	return bytes, conn.QueryRow(ctx, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint").Scan(&bytes)
}

// URL returns the DATABASE_URL of one of the server's databases.
func (s *Server) URL(database string) string {
	return "postgres://postgres@/" + database + "?host=" + s.dir
}

// shared starts the server for all tests of a package. Its data need not survive a power cut.
var shared = sync.OnceValues(func() (*Server, error) {
	return StartPostgres("fsync=off", "max_connections=400", "autovacuum=off")
})

// findPostgres returns the folder of initdb and postgres. On Debian it is not in PATH.
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

// credential returns the attributes with which the server's processes start. If the tests run as root, they run as the user
// postgres, because initdb refuses root.
func (s *Server) credential() (*syscall.SysProcAttr, error) {
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
	for _, folder := range []string{s.dir, s.data} {
		if err := os.Chown(folder, uid, gid); err != nil {
			return nil, err
		}
	}
	return attr, nil
}

// create creates an empty database cluster.
func (s *Server) create(bin string) error {
	if err := os.MkdirAll(s.data, 0o700); err != nil {
		return err
	}
	attr, err := s.credential()
	if err != nil {
		return err
	}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", s.data)
	initdb.SysProcAttr, initdb.Dir = attr, s.dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

func (s *Server) start(bin string, settings []string) error {
	s.program = filepath.Join(bin, "postgres")
	s.args = []string{"-D", s.data, "-k", s.dir, "-c", "listen_addresses=", "-c", "shared_buffers=128MB"}
	for _, setting := range settings {
		s.args = append(s.args, "-c", setting)
	}
	if err := s.launch(); err != nil {
		return err
	}
	return s.wait()
}

// launch starts the server's main process.
func (s *Server) launch() error {
	attr, err := s.credential()
	if err != nil {
		return err
	}
	process, ended, started := exec.Command(s.program, s.args...), make(chan struct{}), make(chan error)
	process.SysProcAttr, process.Dir = attr, s.dir
	go func() { // Pdeathsig fires when the forking thread ends, so keep this thread alive as long as the process
		runtime.LockOSThread()
		err := process.Start()
		started <- err
		if err == nil {
			process.Wait()
		}
		close(ended)
	}()
	s.process, s.ended = process, ended
	return <-started
}

// startLimit is how long a server may take until it answers.
const startLimit = 30 * time.Second

func (s *Server) wait() error {
	deadline := time.After(startLimit)
	for {
		err := s.exec("SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-s.ended:
			return fmt.Errorf("the test Postgres has ended: %w", err)
		case <-deadline:
			return fmt.Errorf("the test Postgres does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// exec runs a statement on a connection that it keeps: a new one costs more than most statements.
func (s *Server) exec(sql string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if s.admin == nil || s.admin.IsClosed() {
		conn, err := pgx.Connect(ctx, s.URL("postgres"))
		if err != nil {
			return err
		}
		s.admin = conn
	}
	_, err := s.admin.Exec(ctx, sql)
	return err
}
