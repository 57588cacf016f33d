package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// cost is the CPU time of the program and of the database, and the elapsed time. On SQLite the database is part of the program.
type cost struct{ program, database, wall time.Duration }

func (c cost) cpu() time.Duration { return c.program + c.database }

// meter measures the CPU time of this process and of a Postgres server on this machine.
type meter struct{ postmaster int } // the server's process id, 0 for none

// newMeter reads the server's process id from its data folder; "" is no server.
func newMeter(folder string) (meter, error) {
	if folder == "" {
		return meter{}, nil
	}
	content, err := os.ReadFile(filepath.Join(folder, "postmaster.pid"))
	if err != nil {
		return meter{}, err
	}
	first, _, _ := bytes.Cut(content, []byte("\n"))
	pid, err := strconv.Atoi(string(first))
	return meter{pid}, err
}

// of runs f and returns its cost.
func (m meter) of(f func() error) (c cost, err error) {
	program, database, start := ownCPU(), m.serverCPU(), time.Now()
	err = f()
	c.wall = time.Since(start)
	c.program, c.database = ownCPU()-program, m.serverCPU()-database
	return c, err
}

func ownCPU() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// serverCPU returns the CPU time that the server's processes have used so far. The kernel counts it in nanoseconds for running
// processes, and in steps of 10 ms for those that have ended.
func (m meter) serverCPU() time.Duration {
	if m.postmaster == 0 {
		return 0
	}
	stat := procStat(m.postmaster)
	ended := time.Duration(ticks(stat, 13)+ticks(stat, 14)) * 10 * time.Millisecond // cutime, cstime
	sum := ended + schedTime(m.postmaster)
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", m.postmaster, m.postmaster))
	for _, child := range strings.Fields(string(children)) {
		pid, _ := strconv.Atoi(child)
		sum += schedTime(pid)
	}
	return sum
}

// procStat returns the fields of /proc/PID/stat from the third one (the state) on.
func procStat(pid int) []string {
	content, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, _ := bytes.Cut(content, []byte(") "))
	return strings.Fields(string(after))
}

func ticks(stat []string, at int) int64 {
	if at >= len(stat) {
		return 0
	}
	n, _ := strconv.ParseInt(stat[at], 10, 64)
	return n
}

// schedTime returns the CPU time of a process with one thread.
func schedTime(pid int) time.Duration {
	content, _ := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
	first, _, _ := strings.Cut(string(content), " ")
	n, _ := strconv.ParseInt(first, 10, 64)
	return time.Duration(n)
}

// peakMemory runs f and returns the most resident memory that this process had during f, in bytes.
func peakMemory(f func() error) (peak int64, err error) {
	var most atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		every := time.NewTicker(5 * time.Millisecond)
		defer every.Stop()
		for {
			most.Store(max(most.Load(), residentMemory()))
			select {
			case <-stop:
				return
			case <-every.C:
			}
		}
	}()
	err = f()
	close(stop)
	<-stopped
	return most.Load(), err
}

func residentMemory() int64 {
	content, _ := os.ReadFile("/proc/self/statm")
	fields := strings.Fields(string(content))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}
