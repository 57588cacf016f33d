// Package jobs does work that takes longer than a request, in small steps. Each step is one transaction that also stores
// the progress, so that an interrupted job continues and does nothing twice. It must not know HTTP or pages.
package jobs
