package dbtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Restart restarts the server as `pg_ctl restart -m fast` does: it breaks off every connection, ends in order and starts again.
func (s *Server) Restart() error {
	if err := s.process.Process.Signal(syscall.SIGINT); err != nil {
		return err
	}
	<-s.ended
	return s.Start()
}

// Kill kills the server's main process. Its other processes end when they notice. Start starts the server again.
func (s *Server) Kill() error {
	err := s.process.Process.Kill()
	<-s.ended
	return err
}

// Start starts the server again after it has ended, with its settings and data, and returns when it answers.
func (s *Server) Start() error {
	for deadline := time.Now().Add(startLimit); ; <-time.After(20 * time.Millisecond) {
		if err := s.launch(); err != nil {
			return err
		}
		err := s.wait()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		s.Kill() // after a Kill it does not start until the last of its processes has ended
	}
}

// Freeze stops all processes of the server with SIGSTOP. Thaw lets them continue.
func (s *Server) Freeze() error { return s.signalAll(syscall.SIGSTOP) }

// Thaw is the end of Freeze.
func (s *Server) Thaw() error { return s.signalAll(syscall.SIGCONT) }

// signalAll sends a signal to the server's main process and then to its children. It reads /proc, so it needs Linux.
func (s *Server) signalAll(signal syscall.Signal) error {
	if err := s.process.Process.Signal(signal); err != nil {
		return err
	}
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		pid, _, _ := strings.Cut(string(text), " ")
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:])) // state, parent, …
		child, err := strconv.Atoi(pid)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if fields[1] == strconv.Itoa(s.PID()) {
			syscall.Kill(child, signal)
		}
	}
	return err
}

// Exec runs a statement in the server's database postgres, as superuser.
func (s *Server) Exec(sql string) error { return s.exec(sql) }

// StartIfEnded starts the server again if it has ended, as it does when it cannot write its log, and returns when it answers.
func (s *Server) StartIfEnded() error {
	err := s.wait()
	select {
	case <-s.ended:
		return s.Start()
	default:
		return err
	}
}
