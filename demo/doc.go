// Package demo fills a workspace with the audience of an invented bookshop, to try the program and to take pictures. Its
// people and calls are pure functions of a seed and a clock, and the calls go through the real pipeline. It must not
// know HTTP or pages. No person in it exists: every address ends in a domain reserved for examples.
package demo
