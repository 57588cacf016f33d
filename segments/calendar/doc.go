// Package calendar counts days in a time zone, including days without a midnight and days that a zone leaves out.
// It must know neither rules nor contacts.
package calendar
