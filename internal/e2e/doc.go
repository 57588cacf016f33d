// Package e2e tests the real program from outside, as people and senders use it: through its output, over HTTP, in a browser,
// and in the database that it leaves. It must not use the program's own packages to change how the program behaves.
package e2e
