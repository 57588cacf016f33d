package intake

import (
	"errors"
	"time"

	"campaignlark/models"
	"campaignlark/senders"
)

// Observe has functions that a pipeline calls when something happens. Several goroutines call them at the same time. They
// must return quickly, because calls wait for them. A nil function is not called.
type Observe struct {
	Answered   func(outcome models.Outcome)        // a call was answered; OutcomeBusy means that it was turned away
	Unreadable func(kind DecodeKind)               // its payload could not be read
	Signature  func(senders.SignatureResult)       // its signature was checked
	Committed  func(calls int, took time.Duration) // a batch of so many calls, from its first statement to its commit
}

// OutcomeBusy is the outcome of a call that got ErrBusy. It leaves no row in the request log.
const OutcomeBusy models.Outcome = "busy"

func (o Observe) withDefaults() Observe {
	if o.Answered == nil {
		o.Answered = func(models.Outcome) {}
	}
	if o.Unreadable == nil {
		o.Unreadable = func(DecodeKind) {}
	}
	if o.Signature == nil {
		o.Signature = func(senders.SignatureResult) {}
	}
	if o.Committed == nil {
		o.Committed = func(int, time.Duration) {}
	}
	return o
}

// observeStep reports a committed call to Observe.
func (p *Pipeline) observeStep(s *step) {
	p.opts.Observe.Answered(s.decision.Outcome)
	if v := s.job.call.Verdict; v != nil {
		p.opts.Observe.Signature(v.Result)
	}
	var unread *DecodeError
	if errors.As(s.job.call.Submission.Err, &unread) {
		p.opts.Observe.Unreadable(unread.Kind)
	}
}
