// Package demo fills a workspace with an invented bookshop's audience, for trying the program out and for pictures: what
// people it has and what is called when are pure functions of a seed and a clock, and the calls travel through the real
// pipeline. It must not know HTTP or pages. Nobody in it exists: every address ends in a name reserved for examples.
package demo
