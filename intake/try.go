package intake

import (
	"context"
	"errors"

	"campaignlark/faults"
	"campaignlark/models"
)

// errTried ends the transaction of a call that is only tried.
var errTried = errors.New("tried")

// Try returns the log row that a call would leave, with its body, and changes nothing. It runs the code that a real call runs, up to
// the writing. The error is ErrBusy if the database is not available.
func (p *Pipeline) Try(ctx context.Context, c Call) (row models.WebhookRequest, body LogBody, err error) {
	ctx, cancel := context.WithTimeout(ctx, batchDeadline)
	defer cancel()
	for range maxTries {
		err = faults.Catch(func() (err error) {
			row, body, err = p.try(ctx, c)
			return err
		})
		var refused *refusedError
		switch {
		case errors.Is(err, errTried):
			return row, body, nil
		case errors.As(err, &refused):
			return row, body, ErrRefused
		case judge(err) != verdictAgain:
			return row, body, ErrBusy
		}
	}
	return row, body, ErrBusy
}

func (p *Pipeline) try(ctx context.Context, c Call) (row models.WebhookRequest, body LogBody, err error) {
	p.trying.Lock()
	defer p.trying.Unlock()
	c.prepare(p.trial.known().webhook(c.Hash.WorkspaceID, c.Hash.WebhookID))
	jobs := []*job{newJob(c)}
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
			s := b.steps[0]
			row, body = s.logRow(p.opts.Now()), s.logBody(1)
			return errTried
		})
		if !errors.Is(err, errReread) {
			return row, body, err
		}
	}
}
