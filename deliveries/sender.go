package deliveries

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"

	"campaignlark/faults"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/secrets"

	"github.com/google/uuid"
)

// Limits of a sender.
const (
	atOnce        = 64 // attempts of one process
	atOnceToOne   = 8  // of them to one destination
	atOnceFailing = 2  // to one that fails, so that many hanging destinations leave room for the others

	roundTime = 30 * time.Second // for a look at all destinations

	// A sender holds more deliveries than it attempts at once: those that are taken and wait for their turn, and those that are not
	// recorded yet. Otherwise the time between two transactions would bound how many go out.
	fewestHeld = 2 * atOnceToOne
	firstHeld  = 64 // to a destination whose attempts are not known yet
	mostHeld   = 1024
	heldInAll  = 2048
)

// Options are the parts of a Sender. The zero value of a field means the usual one.
type Options struct {
	Log      *slog.Logger
	Now      func() time.Time
	Schedule Schedule
	Allow    []netip.Prefix // networks of OUTBOUND_ALLOW
	Version  string         // of this program, for the receivers
	Wait     time.Duration  // for an attempt in all: 15 seconds
	Lease    time.Duration  // after which another sender tries again what this one has begun: 60 seconds, more than an attempt takes
	Poll     time.Duration  // between looks for due deliveries: a second
	Grace    time.Duration  // for attempts that are under way when Run is told to end: 5 seconds
	Observe  Observe
}

// Observe receives measurements. A nil function measures nothing.
type Observe struct {
	Attempted func(r Result)
	Recorded  func(state models.DeliveryState) // the state after an attempt: pending if there will be another one
}

// Sender sends the deliveries that are due. Any number of senders share the work: each takes a delivery by a lease, and the delivery has
// the same id at each attempt. Deliveries about one contact go to a destination in the order of the contact's versions.
type Sender struct {
	queue   queue
	cipher  secrets.Cipher
	client  *Client
	send    func(ctx context.Context, m Message, at time.Time) Result // of client
	o       Options
	wake    chan struct{}
	results chan outcome
	running sync.WaitGroup // attempts

	mu    sync.Mutex
	under map[uuid.UUID]target     // deliveries that it holds
	turn  chan struct{}            // full while as many attempts are under way as may be
	turns map[target]chan struct{} // likewise, for each destination
	took  map[target]time.Duration // an attempt's usual time
	said  map[target]time.Time     // when the log last had that it cannot sign

	ending <-chan struct{} // closed when Run is told to end
	unused []held          // deliveries whose attempts did not begin before that
}

// target identifies a destination.
type target struct{ workspace, destination int64 }

// NewSender creates a sender; Run starts it.
func NewSender(db *store.DB, cipher secrets.Cipher, o Options) *Sender {
	o = o.withStandards()
	client := newClient(clientOptions{allow: o.Allow, version: o.Version, wait: o.Wait})
	return &Sender{
		queue: queue{db}, cipher: cipher, o: o, client: client, send: client.Send,
		wake: make(chan struct{}, 1), results: make(chan outcome, heldInAll),
		under: map[uuid.UUID]target{}, turn: make(chan struct{}, atOnce), turns: map[target]chan struct{}{}, took: map[target]time.Duration{}, said: map[target]time.Time{},
	}
}

func (o Options) withStandards() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Schedule == nil {
		o.Schedule = StandardSchedule
	}
	for duration, standard := range map[*time.Duration]time.Duration{&o.Wait: sendTime, &o.Lease: time.Minute, &o.Poll: time.Second, &o.Grace: 5 * time.Second} {
		if *duration == 0 {
			*duration = standard
		}
	}
	if o.Observe.Attempted == nil {
		o.Observe.Attempted = func(Result) {}
	}
	if o.Observe.Recorded == nil {
		o.Observe.Recorded = func(models.DeliveryState) {}
	}
	return o
}

func (s *Sender) now() time.Time { return models.Instant(s.o.Now()) }

// Wake makes the sender look for due deliveries now.
func (s *Sender) Wake() {
	select {
	case s.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// Run sends until ctx ends. Then it begins no further attempt, lets those end that are under way, cuts off those that take longer than
// Grace, and returns. A sender after this one makes those again when their lease ends. Run it once.
func (s *Sender) Run(ctx context.Context) {
	attempts, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	s.ending = ctx.Done()
	var recording sync.WaitGroup
	recording.Go(s.record)
	turn := time.NewTicker(s.o.Poll)
	defer turn.Stop()
	for ctx.Err() == nil {
		if err := faults.Catch(func() error { return s.round(ctx, attempts) }); err != nil && ctx.Err() == nil {
			s.o.Log.Error("due deliveries could not be taken", store.ErrorAttr(err))
		}
		select {
		case <-ctx.Done():
		case <-turn.C:
		case <-s.wake:
		}
	}
	defer time.AfterFunc(s.o.Grace, cut).Stop()
	s.running.Wait()
	if err := s.giveBack(); err != nil {
		s.o.Log.Error("deliveries that were not begun could not be given back; they go out when their leases end", store.ErrorAttr(err))
	}
	close(s.results)
	recording.Wait()
	s.client.Close()
}

// round takes what is due, as far as there is room, and starts its attempts.
func (s *Sender) round(ctx, attempts context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, roundTime)
	defer cancel()
	due, err := s.queue.due(ctx, s.now())
	if err != nil {
		return models.In("deliveries: destinations with due ones", err)
	}
	var errs []error
	for _, d := range s.inOrder(due) {
		errs = append(errs, s.take(ctx, attempts, d))
	}
	return errors.Join(errs...)
}

// inOrder puts the destinations first that have the fewest attempts under way, and those that fail last.
func (s *Sender) inOrder(due []models.Destination) []models.Destination {
	busy := s.busy()
	rank := func(d models.Destination) int {
		n := busy[targetOf(d)]
		if Failing(d, s.now()) {
			n += atOnce
		}
		return n
	}
	rand.Shuffle(len(due), func(i, j int) { due[i], due[j] = due[j], due[i] })
	slices.SortStableFunc(due, func(a, b models.Destination) int { return rank(a) - rank(b) })
	return due
}

func targetOf(d models.Destination) target { return target{d.WorkspaceID, d.ID} }

// busy counts the deliveries that it holds for each destination.
func (s *Sender) busy() map[target]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	busy := map[target]int{}
	for _, to := range s.under {
		busy[to]++
	}
	return busy
}

// room returns how many further deliveries to a destination may be taken, and those that it holds.
func (s *Sender) room(d models.Destination) (n int, under map[uuid.UUID]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	to, under := targetOf(d), map[uuid.UUID]bool{}
	for id, other := range s.under {
		if other == to {
			under[id] = true
		}
	}
	most := firstHeld
	if took, known := s.took[to]; known {
		most = heldFor(took)
	}
	if Failing(d, s.now()) {
		most = atOnceFailing
	}
	return max(0, min(most-len(under), heldInAll-len(s.under))), under
}

// heldFor returns how many deliveries to hold for a destination whose attempts take so long: about those of the next second. Holding more
// would keep other senders from helping.
func heldFor(took time.Duration) int {
	return int(min(max(atOnceToOne*time.Second/max(took, 1), fewestHeld), mostHeld))
}

// take takes due deliveries of a destination and starts their attempts. If they cannot be signed, they stay as they are until they can be: the
// receiver has no part in it, and a new key may come at any time.
func (s *Sender) take(ctx, attempts context.Context, d models.Destination) error {
	room, under := s.room(d)
	if room == 0 {
		return nil
	}
	to, err := open(s.cipher, d)
	if err != nil {
		s.cannotSign(d, err)
		return nil
	}
	start := s.now()
	taken, more, err := s.queue.take(ctx, d, room, under, start, s.o.Lease)
	if err != nil {
		return err
	}
	if more && len(taken) < room {
		s.Wake()
	}
	s.mu.Lock()
	for _, v := range taken {
		s.under[v.ID] = targetOf(d)
	}
	s.mu.Unlock()
	if len(taken) == 0 {
		return nil
	}
	for _, v := range taken {
		s.running.Go(func() {
			s.inTurn(attempts, held{v, start.Add(s.o.Lease)}, func() { s.attempt(attempts, to, v) })
		})
	}
	return nil
}

// saidAgain is how often the log has that a destination's messages cannot be signed.
const saidAgain = 5 * time.Minute

func (s *Sender) cannotSign(d models.Destination, err error) {
	now := s.now()
	s.mu.Lock()
	last, known := s.said[targetOf(d)]
	again := !known || now.Sub(last).Abs() >= saidAgain
	if again {
		s.said[targetOf(d)] = now
	}
	s.mu.Unlock()
	if again {
		s.o.Log.Error("a destination's secret cannot be decrypted; its messages wait", "destination", d.ID, store.ErrorAttr(err))
	}
}

// open decrypts what a destination's row holds. The message has no id and no body yet.
func open(cipher secrets.Cipher, d models.Destination) (m Message, err error) {
	m.URL = d.URL
	row := secrets.Row{WorkspaceID: d.WorkspaceID, OwnerID: d.ID, Purpose: secrets.DestinationSecret}
	for _, sealed := range [][]byte{d.Secret, d.OlderSecret} {
		if len(sealed) == 0 {
			continue
		}
		secret, err := cipher.Open(sealed, row)
		if err != nil {
			return m, err
		}
		m.Secrets = append(m.Secrets, secret)
	}
	if len(d.Headers) > 0 {
		row.Purpose = secrets.DestinationHeaders
		text, err := cipher.Open(d.Headers, row)
		if err != nil {
			return m, err
		}
		m.Headers, err = ParseHeaders(text)
		return m, err
	}
	return m, nil
}

// attempt makes one attempt and hands on what came out of it. A panic costs this attempt only. Nothing is known of an attempt that was cut
// off, so nothing is recorded of it.
func (s *Sender) attempt(ctx context.Context, m Message, v models.Delivery) {
	o := outcome{delivery: v, at: s.now()}
	err := faults.Catch(func() (err error) {
		m.ID = v.MessageID()
		if m.Body, err = Unpack(v.Body); err != nil {
			return models.In("deliveries: read a body", err)
		}
		o.Result = s.send(ctx, m, o.at)
		return nil
	})
	if err != nil {
		s.o.Log.Error("a delivery failed in this program", store.ErrorAttr(err))
		o.Result = Result{Code: CodeFault}
	}
	if ctx.Err() != nil && o.Status == 0 {
		s.release([]outcome{o})
		return
	}
	s.results <- o
}

// release makes room for other attempts.
func (s *Sender) release(done []outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range done {
		delete(s.under, o.delivery.ID)
		to := target{o.delivery.WorkspaceID, o.delivery.DestinationID}
		if usual, known := s.took[to]; known && o.Duration > 0 {
			s.took[to] = (7*usual + o.Duration) / 8
		} else if o.Duration > 0 {
			s.took[to] = o.Duration
		}
	}
}
