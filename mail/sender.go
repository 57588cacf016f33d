package mail

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"time"

	"campaignlark/deliveries"
	"campaignlark/faults"
	"campaignlark/models"
	"campaignlark/models/store"
)

// Options are the parts of a Sender. The zero value of a field means the usual one.
type Options struct {
	PublicURL *url.URL // links start with it
	Log       *slog.Logger
	Observe   func(Problem) // receives what came out of each mail
	Now       func() time.Time
	Schedule  deliveries.Schedule // waits after failed tries
	Lease     time.Duration       // after which another sender tries what this one has begun: 2 minutes, more than a mail takes
	Poll      time.Duration       // between looks for mails that are due: 2 seconds
	Grace     time.Duration       // for a mail under way when Run is told to end: 5 seconds
}

// Sender sends the mails to the team that are due. Any number of senders share the work: each takes a mail by a lease.
type Sender struct {
	queue  queue
	server Server
	o      Options
}

// NewSender creates a sender; Run starts it.
func NewSender(db *store.DB, server Server, o Options) *Sender {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Observe == nil {
		o.Observe = func(Problem) {}
	}
	if o.Schedule == nil {
		o.Schedule = deliveries.StandardSchedule
	}
	for duration, standard := range map[*time.Duration]time.Duration{&o.Lease: 2 * time.Minute, &o.Poll: 2 * time.Second, &o.Grace: 5 * time.Second} {
		if *duration == 0 {
			*duration = standard
		}
	}
	return &Sender{queue{db}, server, o}
}

// Run sends until ctx ends. A mail under way then has the time of Grace.
func (s *Sender) Run(ctx context.Context) {
	turn := time.NewTicker(s.o.Poll)
	defer turn.Stop()
	for ctx.Err() == nil {
		if err := faults.Catch(func() error { return s.Turn(ctx) }); err != nil && ctx.Err() == nil {
			s.o.Log.Error("mails to the team could not be sent", store.ErrorAttr(err))
		}
		select {
		case <-ctx.Done():
		case <-turn.C:
		}
	}
}

// atOnce limits the mails of one turn.
const atOnce = 50

// Turn sends the mails that are due now, one after another. One that fails does not stop the others.
func (s *Sender) Turn(ctx context.Context) error {
	due, err := s.queue.due(ctx, s.now(), atOnce)
	if err != nil {
		return err
	}
	var failed []error
	for _, row := range due {
		if ctx.Err() != nil {
			break
		}
		failed = append(failed, faults.Catch(func() error { return s.one(ctx, row) }))
	}
	return errors.Join(failed...)
}

func (s *Sender) now() time.Time { return models.Instant(s.o.Now()) }

// one sends one mail. A sender that ends while the server has the mail leaves the lease: a later one sends it, with the same Message-ID.
func (s *Sender) one(ctx context.Context, row models.TeamMail) error {
	n, taken, err := s.queue.take(ctx, row, s.now(), s.o.Lease)
	if err != nil || !taken {
		return err
	}
	attempt, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(s.o.Grace, cut) })()
	p := s.server.Send(attempt, n.message(s.o.PublicURL, s.now()), s.now())
	if attempt.Err() != nil && p != ProblemNone {
		return nil
	}
	s.o.Observe(p)
	now := s.now()
	next, again := now.Add(Quiet), false
	if p != ProblemNone {
		// no answer of the server: it may repeat the address
		s.o.Log.Warn("a mail to the team was not taken", "problem", string(p), "workspace", n.WorkspaceID, "automation", n.AutomationID, "try", n.Tries+1)
	}
	if p != ProblemNone && !p.Final() {
		var at time.Time
		if at, again = s.o.Schedule.Next(n.Tries+1, now, 0, rand.Float64()); again {
			next = at
		}
	}
	return s.queue.finish(context.WithoutCancel(ctx), n, p, !again, next, now)
}
