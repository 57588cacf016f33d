package intake

import (
	"errors"
	"time"

	"campaignlark/models"
)

// Observe is told what a pipeline does, by its workers and its callers at the same time. Each function must be quick: calls
// wait for it. One that is nil is not called.
type Observe struct {
	Answered   func(outcome models.Outcome)        // a call has its answer; OutcomeBusy is one that was turned away
	Unreadable func(kind DecodeKind)               // its payload could not be read
	Committed  func(calls int, took time.Duration) // a batch of so many calls, from its first statement to its commit
}

// OutcomeBusy is a call that was not taken (ErrBusy). It leaves no row in the request log.
const OutcomeBusy models.Outcome = "busy"

func (o Observe) withDefaults() Observe {
	if o.Answered == nil {
		o.Answered = func(models.Outcome) {}
	}
	if o.Unreadable == nil {
		o.Unreadable = func(DecodeKind) {}
	}
	if o.Committed == nil {
		o.Committed = func(int, time.Duration) {}
	}
	return o
}

// observeStep tells of a call that was decided and committed.
func (p *Pipeline) observeStep(s *step) {
	p.opts.Observe.Answered(s.decision.Outcome)
	var unread *DecodeError
	if errors.As(s.job.call.Submission.Err, &unread) {
		p.opts.Observe.Unreadable(unread.Kind)
	}
}
