// Package jobs does what takes longer than a request: small steps, each one transaction that also notes how far the job
// is, so that whatever interrupts it, it goes on where it was and does nothing twice. It must know neither HTTP nor pages.
package jobs
