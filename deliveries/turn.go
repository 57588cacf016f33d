package deliveries

import (
	"context"
	"time"

	"campaignlark/models"

	"github.com/google/uuid"
)

// held is a delivery that the sender has taken, with the end of its lease.
type held struct {
	models.Delivery
	until time.Time
}

// inTurn makes an attempt when there is room for it. It leaves the delivery to another sender if the lease might end before the attempt
// does, or if this sender is told to end. In a longer wait the person may have been erased, or the destination switched off.
func (s *Sender) inTurn(ctx context.Context, h held, attempt func()) {
	began := time.Now()
	end := s.waitTurn(target{h.WorkspaceID, h.DestinationID})
	if end == nil {
		s.mu.Lock()
		s.unused = append(s.unused, h)
		s.mu.Unlock()
		return
	}
	defer end()
	late := h.until.Add(-min(s.o.Wait, s.o.Lease/2))
	if !s.now().Before(late) || time.Since(began) > s.o.Lease/60 && !s.queue.waits(ctx, h.Delivery) {
		s.release([]outcome{{delivery: h.Delivery}})
		return
	}
	attempt()
}

// waitTurn waits until an attempt to a destination may begin, and returns what ends it. It returns nil if the sender is told to end first.
func (s *Sender) waitTurn(to target) (end func()) {
	s.mu.Lock()
	own := s.turns[to]
	if own == nil {
		own = make(chan struct{}, atOnceToOne)
		s.turns[to] = own
	}
	s.mu.Unlock()
	select {
	case own <- struct{}{}:
	case <-s.ending:
		return nil
	}
	select {
	case s.turn <- struct{}{}:
	case <-s.ending:
		<-own
		return nil
	}
	return func() { <-s.turn; <-own }
}

// giveBack makes those deliveries due again whose attempts did not begin.
func (s *Sender) giveBack() error {
	ctx, cancel := context.WithTimeout(context.Background(), recordTime)
	defer cancel()
	byWorkspace, now := map[int64][]uuid.UUID{}, s.now()
	for _, h := range s.unused {
		if now.Before(h.until) { // after that, another sender may have it
			byWorkspace[h.WorkspaceID] = append(byWorkspace[h.WorkspaceID], h.ID)
		}
	}
	return s.queue.giveBack(ctx, byWorkspace)
}
