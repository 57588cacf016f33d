// Package automations does what follows an event: a trigger, a rule and a list of steps. Definitions, which event starts what and what a
// wait means are pure; the store and the runner are beside them. It must not know HTTP or pages, nor how deliveries are sent.
package automations
