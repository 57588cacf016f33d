package e2e

import (
	"runtime"
	"sync"
)

// starter starts all child processes on one thread that never ends. Pdeathsig kills a child when the thread that started it ends,
// so they end with the tests and not before.
var starter = sync.OnceValue(func() chan func() {
	jobs := make(chan func())
	go func() {
		runtime.LockOSThread()
		for job := range jobs {
			job()
		}
	}()
	return jobs
})

func onLastingThread(f func() error) error {
	done := make(chan error)
	starter() <- func() { done <- f() }
	return <-done
}
