// Package segments stores who is in which segment and keeps it right: memberships, builds, the ticker, history and the full
// check. What a rule means is in the package rule below. It must know neither HTTP nor pages, nor how contacts come to change.
package segments
