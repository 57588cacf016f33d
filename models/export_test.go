package models

// The cost of a password outside these tests: KiB of memory and passes over it.
var RealMemory, RealPasses = argonCost.memory, argonCost.passes

// These tests ask who gets in, hundreds of times; for that the cheapest password does.
func init() { argonCost.memory, argonCost.passes = 64, 1 }
