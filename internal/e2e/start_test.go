package e2e

import (
	"database/sql"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models/store"
)

// bothDatabases runs f twice: with the DATABASE_URL of an SQLite file and of a Postgres database. Both are empty, with every
// migration applied.
func bothDatabases(t *testing.T, f func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); f(t, dbtest.SQLiteURL(t)) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); f(t, dbtest.PostgresURL(t)) })
}

// wantRefusal runs the program and expects exit code 1 and one sentence that contains each of want.
func wantRefusal(t *testing.T, s Settings, want ...string) {
	t.Helper()
	code, stdout, stderr := Run(t, s)
	if code != 1 {
		t.Errorf("got exit code %d, want 1", code)
	}
	if stdout != "" {
		t.Errorf("got %q on standard output, want nothing", stdout)
	}
	if strings.Count(stderr, "\n") != 1 {
		t.Errorf("got %q, want one line", stderr)
	}
	for _, w := range want {
		if !strings.Contains(stderr, w) {
			t.Errorf("got %q, want %q in it", stderr, w)
		}
	}
}

func TestStartInAnEmptyFolder(t *testing.T) {
	t.Parallel()
	p := Start(t, Settings{})
	if _, err := os.Stat(filepath.Join(p.Dir, "data", "campaignlark.db")); err != nil {
		t.Errorf("got %v, want a database file under data/", err)
	}
	if _, port, _ := net.SplitHostPort(p.Address); p.URL != "http://localhost:"+port {
		t.Errorf("got %s, want http://localhost and the port %s", p.URL, port)
	}
	p.Stop()
}

func TestStartRefusesATakenPort(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	wantRefusal(t, Settings{Env: map[string]string{"LISTEN_ADDR": ln.Addr().String()}}, ln.Addr().String(), "LISTEN_ADDR")
}

// readOnlyFolder creates a folder for a test that makes it read-only. Root can write even there, so a test that runs as root must
// start the program with Settings.Nobody.
func readOnlyFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "campaignlark-readonly-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestStartRefusesAReadOnlyDataFolder(t *testing.T) {
	t.Parallel()
	dir := readOnlyFolder(t)
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, Settings{Dir: dir, Nobody: os.Getuid() == 0}, "data", "DATABASE_URL")
}

// TestStartRefusesAWritableFileInAReadOnlyFolder starts on a database file whose folder is read-only. SQLite must write more files
// into that folder.
func TestStartRefusesAWritableFileInAReadOnlyFolder(t *testing.T) {
	t.Parallel()
	dir := readOnlyFolder(t)
	file := filepath.Join(dir, "lark.db")
	if err := errors.Join(os.WriteFile(file, nil, 0o666), os.Chmod(file, 0o666), os.Chmod(dir, 0o555)); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"DATABASE_URL": "sqlite://" + file}
	wantRefusal(t, Settings{Dir: dir, Env: env, Nobody: os.Getuid() == 0}, "folder", "writable")
}

func TestStartRefusesAFileThatIsNoDatabase(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "letter.txt")
	if err := os.WriteFile(file, []byte(strings.Repeat("Dear reader, this is no database. ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, Settings{Env: map[string]string{"DATABASE_URL": "sqlite://" + file}}, "SQLite")
}

func TestStartRefusesAnUnreachablePostgres(t *testing.T) {
	t.Parallel()
	url := "postgres://someone:hunter2@/lark?host=" + t.TempDir()
	wantRefusal(t, Settings{Env: map[string]string{"DATABASE_URL": url}}, "lark", "DATABASE_URL")
}

func TestStartRefusesANewerDatabase(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		db, err := store.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		execute(t, db.Pool(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)")
		db.Close()
		wantRefusal(t, Settings{Env: map[string]string{"DATABASE_URL": url}}, "newer", "99999")
	})
}

func execute(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func TestStartRefusesAWrongConfiguration(t *testing.T) {
	t.Parallel()
	wantRefusal(t, Settings{Env: map[string]string{"INTAKE_WAIT": "an hour"}}, "INTAKE_WAIT", "500ms")
}

func TestExitCodesAndOutputOfCommands(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args         []string
		code         int
		stdout, errs string
	}{
		{[]string{"version"}, 0, "campaignlark ", ""},
		{[]string{"help"}, 0, "SEGMENT_INTERVAL", ""},
		{[]string{"migrate"}, 0, "up to date", ""},
		{[]string{"sevre"}, 2, "", `"sevre"`},
		{[]string{"serve", "--port=80"}, 2, "", "environment"},
	} {
		code, stdout, stderr := Run(t, Settings{Args: c.args})
		if code != c.code || !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.errs) || (stderr == "") != (c.errs == "") {
			t.Errorf("%v: got %d, %q, %q, want %d, %q, %q", c.args, code, stdout, stderr, c.code, c.stdout, c.errs)
		}
	}
}

func TestSecondSignalEndsImmediately(t *testing.T) {
	t.Parallel()
	p := Start(t, Settings{})
	p.Signal(syscall.SIGINT)
	for !strings.Contains(p.Log(), "stopping") {
		<-p.stderr.line
	}
	p.Signal(syscall.SIGINT)
	if code := p.Wait(); code == 0 {
		t.Error("got exit code 0, want the second signal to end the program immediately")
	}
}

func TestMetricsAreServedOnlyOnTheirOwnAddress(t *testing.T) {
	t.Parallel()
	p := Start(t, Settings{Env: map[string]string{"METRICS_ADDR": "127.0.0.1:0"}})
	const said = `"serving metrics","address":"`
	for late := time.After(patience); !strings.Contains(p.Log(), said); { // the program logs it after "listening", and Start waits only for that
		select {
		case <-p.stderr.line:
		case <-late:
			t.Fatalf("the program did not log where it serves metrics:\n%s", p.Log())
		}
	}
	_, address, _ := strings.Cut(p.Log(), said)
	address, _, _ = strings.Cut(address, `"`)
	if _, err := http.Get("http://" + p.Address + "/V1/inbound-webhooks/x"); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]int{"http://" + address + "/metrics": 200, "http://" + address + "/": 404, "http://" + p.Address + "/metrics": 404} {
		answer, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s: got %d, want %d", url, answer.StatusCode, want)
		}
		if counted := "\ncampaignlark_webhook_refused_total{reason=\"url_differs\"} 1\n"; want == 200 && !strings.Contains(string(text), counted) {
			t.Errorf("%s: got no %s", url, counted)
		}
	}
	p.Stop()
}

func TestNotReadyBeforeTheListenerCloses(t *testing.T) {
	t.Parallel()
	p := Start(t, Settings{})
	status := func(path string) int {
		answer, err := http.Get("http://" + p.Address + path)
		if err != nil {
			t.Fatalf("%s: got %v, want an answer until the program has ended", path, err)
		}
		defer answer.Body.Close()
		return answer.StatusCode
	}
	if got := status("/readyz"); got != 200 {
		t.Errorf("got %d, want 200", got)
	}
	p.Signal(syscall.SIGTERM)
	for status("/readyz") != 503 {
		<-time.After(10 * time.Millisecond)
	}
	if got := status("/healthz"); got != 200 {
		t.Errorf("got %d, want 200 until the program has ended", got)
	}
	if code := p.Wait(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
}
