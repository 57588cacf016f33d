package models

// These tests hash passwords hundreds of times, so they use the lowest cost.
func init() { PasswordCost = Cost{Memory: 64, Passes: 1} }
