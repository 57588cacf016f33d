package intake

import (
	"context"
	"errors"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
)

// batchDeadline limits how long the transaction of a batch takes. The purge of deleted tags and merge tags relies on it:
// what a batch has read is never older than this when it commits.
const batchDeadline = 10 * time.Second

// maxTries limits how often a batch is run. Each try reads everything again. After the last one the senders get ErrBusy.
const maxTries = 5

// committer runs the transactions of batches, one at a time for each worker. It is a postgresStore or a sqliteStore.
type committer interface {
	// transact calls fn with a new transaction. The transaction's write commits it. If nothing was committed when fn
	// returns, transact rolls back.
	transact(ctx context.Context, fn func(transaction) error) error
	// known returns what batches have read of webhooks.
	known() *catalogs
	close()
}

// transaction has the steps of a batch in the database. They are called in this order.
type transaction interface {
	// read reads the webhooks and contacts. On Postgres it first begins the transaction and locks the addresses. On
	// SQLite transact has already locked the database.
	read(ctx context.Context, w wanted) (reading, error)
	// reserve takes contact ids, and returns as many for each workspace as it needs.
	reserve(ctx context.Context, needs []need) (map[int64][]int64, error)
	// write writes the changes and commits.
	write(ctx context.Context, c changes) error
}

// commit runs the jobs and answers each one: with its decision when everything that the call caused is committed, else
// with ErrBusy or ErrRefused.
func (p *Pipeline) commit(jobs []*job) {
	started := time.Now()
	for try := 1; len(jobs) > 0; try++ {
		began := time.Now()
		steps, err := p.attempt(jobs)
		if err == nil {
			p.available(nil)
			p.opts.Observe.Committed(len(steps), time.Since(began))
			for _, s := range steps {
				p.observeStep(s)
				s.job.answer(result{answer: s.decision.Answer, outcome: s.decision.Outcome, kept: s.decision.Kept, page: s.page})
			}
			return
		}
		what := judge(err)
		if what != verdictUnavailable && what != verdictRefused && (try == maxTries || time.Since(started) > batchDeadline) {
			what = verdictUnavailable
		}
		if jobs = p.afterFailure(jobs, what, err); len(jobs) == 0 {
			return
		}
	}
}

// afterFailure acts on the verdict about a failed try and returns the jobs to run again.
func (p *Pipeline) afterFailure(jobs []*job, what verdict, err error) []*job {
	switch what {
	case verdictRefused:
		if len(jobs) > 1 {
			p.commit(jobs[:len(jobs)/2])
			p.commit(jobs[len(jobs)/2:])
		} else {
			p.refuse(jobs[0], err)
		}
		return nil
	case verdictRepeated:
		return p.answerRecalled(jobs)
	case verdictNoDay:
		if err = models.In("intake: make days of the request log", p.db.EnsureLogDays(p.ctx, p.opts.Now())); err == nil {
			return jobs
		}
	case verdictReread:
		return jobs
	case verdictAgain:
		p.opts.Log.Info("an intake batch is run again", "calls", len(jobs), store.ErrorAttr(err))
		return jobs
	}
	p.available(err)
	answerAll(jobs, result{err: ErrBusy})
	return nil
}

// available records whether batches can be committed: err is nil if they can. It logs only when that changes, not for
// every batch that fails while the database is not available.
func (p *Pipeline) available(err error) {
	if away := err != nil; p.away.Swap(away) != away {
		if away {
			p.opts.Log.Error("the intake cannot commit; calls are answered with 503", store.ErrorAttr(err))
		} else {
			p.opts.Log.Info("the intake commits again")
		}
	}
}

// attempt runs the jobs in one transaction, commits it and returns the decided steps.
func (p *Pipeline) attempt(jobs []*job) (steps []*step, err error) {
	ctx, cancel := context.WithTimeout(p.ctx, batchDeadline)
	defer cancel()
	err = p.store.transact(ctx, func(tx transaction) error {
		read, err := tx.read(ctx, want(jobs))
		if err != nil {
			return models.In("intake: read webhooks and contacts", err)
		}
		if err := reread(jobs, read); err != nil {
			return err
		}
		b, err := decide(jobs, read, p.opts.Now())
		if err != nil {
			return err
		}
		bodies := b.encodeBodies()
		if needs := b.newcomers(); len(needs) > 0 {
			ids, err := tx.reserve(ctx, needs)
			if err != nil {
				return models.In("intake: reserve contact ids", err)
			}
			b.number(ids)
		}
		changes, err := b.changes(p.opts.Now())
		if err != nil {
			return err
		}
		changes.bodies = bodies
		steps = b.steps
		return models.In("intake: write and commit", tx.write(ctx, changes))
	})
	return steps, err
}

// errReread says that calls of a batch were read again, because their webhook reads its calls in another way now. They may name other
// addresses, which must be locked first.
var errReread = errors.New("calls were read again")

// reread reads the jobs again whose webhook reads its calls in another way now. The error is errReread if there are any.
func reread(jobs []*job, read reading) (err error) {
	defer recovered(&err)
	for _, j := range jobs {
		if j.reread(read.webhooks[j.webhook()]) {
			err = errReread
		}
	}
	return err
}

// answerRecalled answers the jobs that an earlier try has committed although the answer to its commit was lost. It
// returns the other jobs.
func (p *Pipeline) answerRecalled(jobs []*job) []*job {
	ctx, cancel := context.WithTimeout(p.ctx, batchDeadline)
	defer cancel()
	workspaces, ids := make([]int64, len(jobs)), make([]uuid.UUID, len(jobs))
	for i, j := range jobs {
		workspaces[i], ids[i] = j.call.Hash.WorkspaceID, j.call.ID
	}
	var found []models.WebhookRequest
	err := p.db.Calls(ctx).Where("workspace_id IN ? AND id IN ?", workspaces, ids).Find(&found).Error
	if err != nil {
		p.available(models.In("intake: read answers back", err))
		answerAll(jobs, result{err: ErrBusy})
		return nil
	}
	var rest []*job
	for _, j := range jobs {
		if r, outcome, ok := recalled(found, j); ok {
			r.page = j.call.page(p.store.known().webhook(j.call.Hash.WorkspaceID, j.call.Hash.WebhookID), r.answer, outcome)
			p.opts.Observe.Answered(outcome)
			j.answer(r)
		} else {
			rest = append(rest, j)
		}
	}
	return rest
}

// recalled returns the result and outcome that the log holds of a job, and whether the job has a log row.
func recalled(found []models.WebhookRequest, j *job) (result, models.Outcome, bool) {
	for _, row := range found {
		if row.WorkspaceID != j.call.Hash.WorkspaceID || row.ID != j.call.ID {
			continue
		}
		if row.Outcome == models.OutcomeNotCommitted {
			return result{err: ErrRefused}, row.Outcome, true
		}
		answer := Answer{row.Status, MessageDone}
		if body, err := DecodeLogBody(row.Body); err == nil && body.Message != "" {
			answer.Message = body.Message
		} else if row.Failed() {
			answer.Message = messageOf(row.Outcome)
		}
		return result{answer: answer, outcome: row.Outcome}, row.Outcome, true
	}
	return result{}, "", false
}

// messageOf returns the answer's message for a refused call whose log row was erased, because a later call of the batch
// deleted the person. The rows of unreadable calls and of prefetches keep their message, since they name no person.
func messageOf(o models.Outcome) string {
	switch o {
	case models.OutcomeDisabled, models.OutcomeWebhookGone, models.OutcomeHashRetired:
		return MessageNoWebhook
	case models.OutcomeBadAddress:
		return MessageBadAddress
	}
	return MessageNoContact
}

// refuse answers a call that cannot be stored. Its log row has neither the payload nor anything about the person.
func (p *Pipeline) refuse(j *job, cause error) {
	ctx, cancel := context.WithTimeout(p.ctx, batchDeadline)
	defer cancel()
	// The text of our own fault is safe to log. The text of a database error may quote values.
	var own *refusedError
	fault := ""
	if errors.As(cause, &own) {
		fault = own.Error()
	}
	p.opts.Log.Error("a call was refused by the database", "request", j.call.ID, "fault", fault, store.ErrorAttr(cause))
	log := []models.WebhookRequest{j.bare(models.OutcomeNotCommitted, 503, p.opts.Now())}
	err := p.store.transact(ctx, func(tx transaction) error {
		if _, err := tx.read(ctx, wanted{}); err != nil {
			return err
		}
		return tx.write(ctx, changes{log: log, counts: countCalls(log)})
	})
	if err != nil {
		p.opts.Log.Error("a refused call could not be logged", "request", j.call.ID, store.ErrorAttr(err))
	}
	p.opts.Observe.Answered(models.OutcomeNotCommitted)
	j.answer(result{err: ErrRefused})
}

// answerAll answers the jobs that have no answer yet.
func answerAll(jobs []*job, r result) {
	for _, j := range jobs {
		j.answer(r)
	}
}

// answer sends the job its result. Only the first call has an effect.
func (j *job) answer(r result) {
	j.once.Do(func() { j.done <- r })
}
