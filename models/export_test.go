package models

// These tests hash passwords hundreds of times; the cheapest cost does.
func init() { PasswordCost = Cost{Memory: 64, Passes: 1} }
