// Package e2e starts the real program and looks at it as people and senders do: through its output, over HTTP, in a
// browser, and in the database it left behind. It must not reach into the program's own packages to make it behave.
package e2e
