package intake

import (
	"context"
	"errors"

	"campaignlark/faults"
	"campaignlark/models"
)

// errTried ends the transaction of calls that are only tried.
var errTried = errors.New("tried")

// Tried is the log row that a call would leave, with its body.
type Tried struct {
	Row  models.WebhookRequest
	Body LogBody
	Kept models.Kept // why a replay would be kept out
}

// Try returns the log row that a call would leave, with its body, and changes nothing. It runs the code that a real call runs, up to
// the writing. The error is ErrBusy if the database is not available.
func (p *Pipeline) Try(ctx context.Context, c Call) (row models.WebhookRequest, body LogBody, err error) {
	all, err := p.TryAll(ctx, []Call{c})
	if err != nil {
		return row, body, err
	}
	return all[0].Row, all[0].Body, nil
}

// TryAll is Try for several calls, at most 256: each sees what the calls before it would do.
func (p *Pipeline) TryAll(ctx context.Context, calls []Call) (all []Tried, err error) {
	ctx, cancel := context.WithTimeout(ctx, batchDeadline)
	defer cancel()
	for range maxTries {
		err = faults.Catch(func() (err error) {
			all, err = p.try(ctx, calls)
			return err
		})
		var refused *refusedError
		switch {
		case errors.Is(err, errTried):
			return all, nil
		case errors.As(err, &refused):
			return nil, ErrRefused
		case judge(err) != verdictAgain:
			return nil, ErrBusy
		}
	}
	return nil, ErrBusy
}

func (p *Pipeline) try(ctx context.Context, calls []Call) (all []Tried, err error) {
	p.trying.Lock()
	defer p.trying.Unlock()
	jobs := make([]*job, len(calls))
	for i, c := range calls {
		c.prepare(p.trial.known().webhook(c.Hash.WorkspaceID, c.Hash.WebhookID))
		jobs[i] = newJob(c)
	}
	for {
		err = p.trial.transact(ctx, func(tx transaction) error {
			read, err := tx.read(ctx, want(jobs))
			if err != nil {
				return err
			}
			if err := reread(jobs, read); err != nil {
				return err
			}
			b, err := decide(jobs, read, p.opts.Now())
			if err != nil {
				return err
			}
			for _, s := range b.steps {
				all = append(all, Tried{s.logRow(p.opts.Now()), s.logBody(1), s.decision.Kept})
			}
			return errTried
		})
		if !errors.Is(err, errReread) {
			return all, err
		}
	}
}
