package intake

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"campaignlark/faults"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/secrets"
)

// Options configure a Pipeline. A zero value stands for the default, which the comment names.
type Options struct {
	Wait     time.Duration    // INTAKE_WAIT: how long a call may wait for its place in a batch; 2 s
	Workers  int              // 4 on Postgres, always 1 on SQLite: how many batches can wait for other transactions
	MaxBatch int              // calls in a transaction; 256, and not more, because so many locks are safe
	MaxQueue int              // accepted calls without an answer; 4096
	Now      func() time.Time // time.Now
	Log      *slog.Logger     // slog.Default()
	Cipher   secrets.Cipher   // of the secrets of webhooks; without a key none can be read
	Observe  Observe
}

// maxQueueBytes limits the memory of accepted calls that are not answered yet (DESIGN "Intake").
const maxQueueBytes = 32 << 20

const defaultBatch = 256

// Pipeline groups waiting calls into batches and commits each batch in one transaction (group commit). No two
// batches work on one address at a time.
type Pipeline struct {
	db     *store.DB
	opts   Options
	store  committer
	trial  committer  // for Try: its statements must not disturb those of a batch
	trying sync.Mutex // one call is tried at a time
	hashes *hashes
	limit  limit
	queue  *queue
	turns  turns
	wg     sync.WaitGroup
	away   atomic.Bool     // the last batch could not be committed
	ctx    context.Context // of the workers; ends when Close gives up waiting for them
	stop   context.CancelFunc
}

// New starts the workers of a pipeline on db. End them with Close.
func New(db *store.DB, opts Options) *Pipeline {
	opts = opts.withDefaults(db.Dialect)
	p := &Pipeline{
		db: db, opts: opts,
		hashes: &hashes{db: db, known: map[string]models.WebhookHash{}},
		limit:  limit{maxCalls: int64(opts.MaxQueue), maxBytes: maxQueueBytes},
		queue:  newQueue(), turns: newTurns(),
	}
	p.store, p.trial = newStore(db, opts.Workers, opts.Cipher), newStore(db, 1, opts.Cipher)
	p.ctx, p.stop = context.WithCancel(context.Background())
	for range opts.Workers {
		p.wg.Go(p.work)
	}
	return p
}

// newStore returns what commits the batches of a number of workers. It connects when it is first used.
func newStore(db *store.DB, workers int, cipher secrets.Cipher) committer {
	if db.Dialect == store.Postgres {
		return newPostgresStore(db.PostgresConfig(), workers, cipher)
	}
	return newSQLiteStore(db.Pool(), cipher)
}

func (o Options) withDefaults(dialect store.Dialect) Options {
	if o.Wait <= 0 {
		o.Wait = 2 * time.Second
	}
	if dialect == store.SQLite {
		o.Workers = 1
	} else if o.Workers <= 0 {
		o.Workers = 4
	}
	if o.MaxBatch <= 0 || o.MaxBatch > defaultBatch {
		o.MaxBatch = defaultBatch
	}
	if o.MaxQueue <= 0 {
		o.MaxQueue = 4096
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	o.Observe = o.Observe.withDefaults()
	return o
}

// Submit hands a call to its worker and waits until everything that the call caused is committed. The error is ErrBusy or
// ErrRefused. A call that still waits for the worker when ctx ends or Options.Wait has passed is withdrawn, with ErrBusy. A
// call that the worker has claimed is always finished, even if its client is gone. A call with a Refusal is only logged.
func (p *Pipeline) Submit(ctx context.Context, c Call) (Answer, error) {
	answer, _, _, err := p.SubmitCall(ctx, c)
	return answer, err
}

// SubmitCall is Submit and also returns what happened to the call, and the page to which the browser that sent it as a form is led, "" for
// none.
func (p *Pipeline) SubmitCall(ctx context.Context, c Call) (answer Answer, outcome models.Outcome, page string, err error) {
	r := p.submit(ctx, newJob(c), p.opts.Wait)
	if r.err == ErrBusy && c.Refusal == nil { // a refused one gets its own answer, without a row
		p.opts.Observe.Answered(OutcomeBusy)
	}
	return r.answer, r.outcome, r.page, r.err
}

// submit is Submit for a job. The job waits for its worker at most as long as wait says.
func (p *Pipeline) submit(ctx context.Context, j *job, wait time.Duration) result {
	if !p.enter(j) {
		return result{err: ErrBusy}
	}
	return p.wait(ctx, j, wait)
}

// enter puts a job into the queue, unless it is full or closed. Call wait next.
func (p *Pipeline) enter(j *job) bool {
	if !p.limit.take(j.size) {
		return false
	}
	if !p.queue.put(j) {
		p.limit.give(j.size)
		return false
	}
	return true
}

// wait waits for the result of a job in the queue, and for its worker at most as long as most says.
func (p *Pipeline) wait(ctx context.Context, j *job, most time.Duration) result {
	defer p.limit.give(j.size)
	patience := time.NewTimer(most)
	defer patience.Stop()
	select {
	case r := <-j.done:
		return r
	case <-patience.C:
	case <-ctx.Done():
	}
	if p.queue.withdraw(j) {
		return result{err: ErrBusy}
	}
	return <-j.done
}

// Forget makes the next call of a workspace read the limits of its webhooks again, which are looked at before the transaction. Other
// replicas learn them with their next call.
func (p *Pipeline) Forget(workspaceID int64) { p.store.known().forget(workspaceID) }

// Admit returns ErrBusy if a call would be turned away now. Ask before decoding a call: under overload that work would be wasted.
func (p *Pipeline) Admit() error {
	if p.Full() {
		p.opts.Observe.Answered(OutcomeBusy)
		return ErrBusy
	}
	return nil
}

// Full reports whether a call would be turned away now.
func (p *Pipeline) Full() bool {
	_, _, full := p.limit.load()
	return full
}

// Waiting returns how many accepted calls are not answered yet, and their memory in bytes.
func (p *Pipeline) Waiting() (calls, bytes int64) {
	calls, bytes, _ = p.limit.load()
	return calls, bytes
}

// work commits jobs in batches until the queue is closed and empty. It does not wait for a batch to fill: the next jobs gather
// while the batches before are committed.
func (p *Pipeline) work() {
	for {
		p.turns.take()
		batch := p.queue.claim(p.opts.MaxBatch)
		end := p.turns.begin()
		if len(batch) == 0 {
			end()
			return
		}
		at := p.opts.Now()
		for _, j := range batch {
			j.claimed = at
		}
		if err := faults.Catch(func() error { p.commit(batch); return nil }); err != nil {
			p.opts.Log.Error("an intake batch was given up", "calls", len(batch), store.ErrorAttr(err))
			answerAll(batch, result{err: ErrBusy})
		}
		p.queue.finish(batch)
		end()
	}
}

// Close accepts no more calls and returns when all accepted calls are answered. If ctx ends first, Close cancels the
// running transactions, their senders get a 503, and the error is that of ctx.
func (p *Pipeline) Close(ctx context.Context) error {
	p.queue.close()
	finished := make(chan struct{})
	go func() { p.wg.Wait(); close(finished) }()
	var err error
	select {
	case <-finished:
	case <-ctx.Done():
		err = ctx.Err()
		p.stop()
		<-finished
	}
	p.stop()
	p.store.close()
	p.trial.close()
	return err
}
