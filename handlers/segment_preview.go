package handlers

import (
	"context"
	"sync"
	"time"

	"campaignlark/models"
	"campaignlark/segments"
	"campaignlark/views"
)

// Limits of exact counts, which read every contact.
const (
	exactAtOnce = 2                // in this process
	exactWait   = time.Second      // how long to wait for another count to end
	exactTime   = 15 * time.Second // for one count, so that time is left to send its page
)

// previews holds the running counts. A person has one for each form: a new one ends it.
type previews struct {
	exact   chan struct{} // one element for each running exact count
	mu      sync.Mutex
	running map[string]*running
}

type running struct{ stop context.CancelFunc }

// begin stops the running count for the key and returns a context for a new one. The caller has to call end.
func (p *previews) begin(ctx context.Context, key string) (_ context.Context, end func()) {
	ctx, stop := context.WithTimeout(ctx, exactTime)
	mine := &running{stop}
	p.mu.Lock()
	defer p.mu.Unlock()
	if before := p.running[key]; before != nil {
		before.stop()
	}
	p.running[key] = mine
	return ctx, func() {
		stop()
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.running[key] == mine {
			delete(p.running, key)
		}
	}
}

// enter waits for a free slot for an exact count. It returns false if there is none.
func (p *previews) enter(ctx context.Context) bool {
	wait := time.NewTimer(exactWait)
	defer wait.Stop()
	select {
	case p.exact <- struct{}{}:
		return true
	case <-ctx.Done():
	case <-wait.C:
	}
	return false
}

func (p *previews) leave() { <-p.exact }

// exactly runs an exact count, or returns false if there is no free slot.
func (p *previews) exactly(ctx context.Context, count func() error) (ran bool, err error) {
	if !p.enter(ctx) {
		return false, nil
	}
	defer p.leave() // also after a panic
	return true, count()
}

// preview counts the contacts that match the form's rule. If an exact count is not possible now, it returns an estimate and the
// page says why.
func (v *visit) preview(f segmentForm) (*views.PreviewModel, error) {
	g, in, schema := f.segment, f.segmentInput, f.schema
	m := &views.PreviewModel{Existing: g.ID != 0, Cycle: f.cycle()}
	counts := &v.server.previews
	ctx, end := counts.begin(v.UserContext(), v.User.Email+" "+v.OriginalURL())
	defer end()
	if in.action == "count" {
		var result segments.Preview
		ran, err := counts.exactly(ctx, func() (err error) {
			result, err = v.segments().Preview(ctx, v.Workspace.ID, schema, g.ID, in.rule, true)
			return err
		})
		if ran && ctx.Err() == nil {
			m.Result = shownPreview(result)
			return m, models.In("segment preview: count contacts", err)
		}
		m.Late, m.Busy = ran, !ran
	}
	result, err := v.segments().Preview(v.UserContext(), v.Workspace.ID, schema, g.ID, in.rule, false)
	m.Result = shownPreview(result)
	return m, models.In("segment preview: count contacts", err)
}

func shownPreview(p segments.Preview) views.PreviewResult {
	return views.PreviewResult{
		Exact: p.Exact, Nothing: p.Nothing, LeftOut: p.LeftOut.Faulty, Unfilled: p.LeftOut.Unfilled, Gone: p.LeftOut.Gone, Looked: p.Looked, Contacts: p.Contacts, In: p.In, Enter: p.Enter, Leave: p.Leave, Stay: p.Stay,
		Examples: shownExamples(p.Examples), Entering: shownExamples(p.Entering), Leaving: shownExamples(p.Leaving), Took: p.Took,
	}
}

func shownExamples(all []segments.PreviewContact) (out []views.PreviewContact) {
	for _, c := range all {
		out = append(out, views.PreviewContact{ID: c.ID, Email: models.ShowEmail(c.Email)})
	}
	return out
}
