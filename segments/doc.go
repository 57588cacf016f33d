// Package segments stores which contacts are in which segment and keeps that correct: memberships, builds, the ticker,
// history and the full check. The package rule below defines what rules mean. It must not know HTTP, pages or how contacts
// change.
package segments
