package deliveries

import (
	"context"
	"math/rand/v2"
	"time"

	"campaignlark/faults"
	"campaignlark/models"
	"campaignlark/models/store"
)

// outcome is an attempt that has ended.
type outcome struct {
	Result
	delivery models.Delivery // as it was taken
	at       time.Time       // the start
	refused  time.Time       // the first of its last attempts if all of them led to an address that is not allowed; zero if not known
}

// Limits of recording.
const (
	gatherTime = 20 * time.Millisecond // for further outcomes that go into the same transaction
	gatherMost = 256
	recordTime = 15 * time.Second // for one group, with all tries; then its leases end, and others make the attempts again
	recordWait = 500 * time.Millisecond
)

// record writes the outcomes in groups until results is closed. While calls of webhooks wait it rests after each group, and with it rest the
// attempts that wait for room.
func (s *Sender) record() {
	for first := range s.results {
		began := time.Now()
		group := s.gather(first)
		if states, err := s.recordGroup(group); err != nil {
			s.o.Log.Error("outcomes of deliveries could not be stored; they are sent again", "deliveries", len(group), store.ErrorAttr(err))
		} else {
			s.observe(group, states)
		}
		time.Sleep(s.queue.db.Rest(time.Since(began)))
		s.release(group)
		s.Wake() // there is room, and the next delivery about the same contact may go
	}
}

// gather collects what arrives within a short time.
func (s *Sender) gather(first outcome) []outcome {
	group, enough := []outcome{first}, time.After(gatherTime)
	for len(group) < gatherMost {
		select {
		case o, more := <-s.results:
			if !more {
				return group
			}
			group = append(group, o)
		case <-enough:
			return group
		}
	}
	return group
}

// recordGroup writes a group in one transaction. It tries again for a while if the database does not answer.
func (s *Sender) recordGroup(group []outcome) (states []models.DeliveryState, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), recordTime)
	defer cancel()
	for {
		err := faults.Catch(func() (err error) {
			states, err = s.queue.record(ctx, group, s.plan, s.now())
			return err
		})
		if err == nil || faults.Attrs(err) != nil {
			return states, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(recordWait):
		}
	}
}

// plan returns when to try again after so many failed attempts, and false if never.
func (s *Sender) plan(tries int, r Result, now time.Time) (time.Time, bool) {
	if !r.Code.Counts() {
		return s.o.Schedule.Refused(now), true
	}
	return s.o.Schedule.Next(tries, now, r.RetryAfter, rand.Float64())
}

func (s *Sender) observe(group []outcome, states []models.DeliveryState) {
	for i, o := range group {
		s.o.Observe.Attempted(o.Result)
		if states[i] != "" {
			s.o.Observe.Recorded(states[i])
		}
	}
}
