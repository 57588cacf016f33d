package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is the time limit for everything that a test waits for.
const patience = 60 * time.Second

// Settings say how to start the program. Empty fields mean the default.
type Settings struct {
	Dir    string            // the folder it runs in; by default a new, empty one
	Env    map[string]string // LISTEN_ADDR is a free port unless set
	Args   []string
	Nobody bool // run as an unprivileged user
}

// Program is one run of the program. It may have ended.
type Program struct {
	URL     string // the address that it prints
	Address string // the address and port that it listens on
	Setup   string // the set-up link it printed, or ""
	Dir     string // the folder it runs in

	t       testing.TB
	command *exec.Cmd
	stdout  output
	stderr  output
	done    chan struct{} // closed when it has ended
}

// output collects what a program prints. line gets each line if a test waits for it.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	line chan string
}

// Start starts the program and returns when it is ready. The program is killed when the test ends. A data race or a panic in its
// log fails the test.
func Start(t testing.TB, s Settings) *Program {
	t.Helper()
	p := launch(t, s)
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for p.URL == "" {
		select {
		case line := <-p.stdout.line:
			p.readLine(line)
		case <-p.done:
			t.Fatalf("the program ended at the start:\n%s%s", p.Stdout(), p.Log())
		case <-timeout.C:
			t.Fatalf("the program did not get ready:\n%s%s", p.Stdout(), p.Log())
		}
	}
	for p.Address == "" {
		select {
		case line := <-p.stderr.line:
			var entry struct{ Msg, Address string }
			if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "listening" {
				p.Address = entry.Address
			}
		case <-timeout.C:
			t.Fatalf("the program did not log where it listens:\n%s", p.Log())
		}
	}
	return p
}

func (p *Program) readLine(line string) {
	if _, url, ok := strings.Cut(line, "is running at "); ok {
		p.URL = url
	}
	for word := range strings.FieldsSeq(line) {
		if strings.HasPrefix(word, "http") && strings.Contains(word, "/setup") {
			p.Setup = word
		}
	}
}

// Run runs a command of the program to its end and returns its exit code and what it printed.
func Run(t testing.TB, s Settings) (code int, stdout, stderr string) {
	t.Helper()
	p := launch(t, s)
	select {
	case <-p.done:
	case <-time.After(patience):
		t.Fatalf("the program did not end:\n%s%s", p.Stdout(), p.Log())
	}
	return p.command.ProcessState.ExitCode(), p.Stdout(), p.Log()
}

func launch(t testing.TB, s Settings) *Program {
	t.Helper()
	if s.Dir == "" {
		s.Dir = t.TempDir()
	}
	p := &Program{t: t, Dir: s.Dir, done: make(chan struct{})}
	p.command = exec.Command(Binary(t), s.Args...)
	p.command.Dir = s.Dir
	p.command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.Dir, "TMPDIR=" + os.TempDir()}
	if s.Env["LISTEN_ADDR"] == "" {
		p.command.Env = append(p.command.Env, "LISTEN_ADDR=127.0.0.1:0")
	}
	for name, value := range s.Env {
		p.command.Env = append(p.command.Env, name+"="+value)
	}
	p.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if s.Nobody {
		p.command.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
	}
	out, _ := p.command.StdoutPipe()
	errs, _ := p.command.StderrPipe()
	if err := onLastingThread(p.command.Start); err != nil {
		t.Fatal(err)
	}
	var readers sync.WaitGroup
	p.stdout.line, p.stderr.line = make(chan string, 100), make(chan string, 100)
	readers.Go(func() { p.stdout.collect(out) })
	readers.Go(func() { p.stderr.collect(errs) })
	go func() { readers.Wait(); p.command.Wait(); close(p.done) }()
	t.Cleanup(p.cleanUp)
	return p
}

func (o *output) collect(r io.Reader) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		o.mu.Lock()
		o.text.WriteString(line)
		o.mu.Unlock()
		select {
		case o.line <- strings.TrimSuffix(line, "\n"):
		default: // no test waits for the line
		}
		if err != nil {
			return
		}
	}
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// Stdout returns what the program has printed so far.
func (p *Program) Stdout() string { return p.stdout.String() }

// Log returns what the program has logged so far, on its standard error.
func (p *Program) Log() string { return p.stderr.String() }

// PID returns the id of the program's process.
func (p *Program) PID() int { return p.command.Process.Pid }

// Signal sends a signal to the program.
func (p *Program) Signal(sig syscall.Signal) {
	p.t.Helper()
	if err := p.command.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Error(err)
	}
}

// Wait waits until the program has ended and returns its exit code, -1 when a signal ended it.
func (p *Program) Wait() int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Fatalf("the program did not end:\n%s", p.Log())
	}
	return p.command.ProcessState.ExitCode()
}

// Kill ends the program as a power cut would.
func (p *Program) Kill() {
	p.t.Helper()
	p.Signal(syscall.SIGKILL)
	p.Wait()
}

// Stop sends SIGTERM to the program, as a service manager does, and expects the exit code 0.
func (p *Program) Stop() {
	p.t.Helper()
	p.Signal(syscall.SIGTERM)
	if code := p.Wait(); code != 0 {
		p.t.Errorf("got exit code %d after SIGTERM, want 0:\n%s", code, p.Log())
	}
}

func (p *Program) cleanUp() {
	p.command.Process.Kill()
	<-p.done
	log := p.Log()
	for _, bad := range []string{"DATA RACE", "panic:", "fatal error:"} {
		if strings.Contains(log, bad) {
			p.t.Errorf("the program's log holds %q:\n%s", bad, log)
			return
		}
	}
	if p.t.Failed() && log != "" {
		p.t.Logf("the program's log:\n%s", log)
	}
}
