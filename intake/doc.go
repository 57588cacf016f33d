// Package intake is the webhook pipeline: it turns the bytes of a call into a Submission, decides what the call does
// to a contact, and commits calls in batches. It must not know Fiber, sessions or pages.
package intake
