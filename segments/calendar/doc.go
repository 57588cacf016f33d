// Package calendar counts days in a time zone, including days without a midnight and days that a zone skips. It must
// not know rules or contacts.
package calendar
