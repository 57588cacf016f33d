package e2e

import (
	"runtime"
	"sync"
)

// A child that should die with the tests (Pdeathsig) dies with the thread that started it: one thread starts them all.
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
