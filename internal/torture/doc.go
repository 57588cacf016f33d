// Package torture tests the real program under overload, with a failing database and during restarts. It asserts on what senders
// got and on the rows that are stored. The tests are long if TORTURE is "long", as `make torture` sets it, else short. The short
// ones compare no times, because other programs may use the machine; they print them.
package torture
