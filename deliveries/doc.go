// Package deliveries sends messages to other systems: destinations, signing, the schedule of retries, the guard against internal
// addresses, and the sender that shares the work with other replicas. It must not know automations, HTTP routes or pages.
package deliveries
