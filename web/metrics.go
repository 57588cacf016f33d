package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"campaignlark/deliveries"
	"campaignlark/faults"
	"campaignlark/handlers"
	"campaignlark/intake"
	"campaignlark/mail"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/senders"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are the program's Prometheus metrics. No label holds an address, a hash or a workspace. Each label has a few values
// known at the start.
type metrics struct {
	registry   *prometheus.Registry
	calls      map[models.Outcome]prometheus.Counter
	unreadable map[intake.DecodeKind]prometheus.Counter
	signatures map[senders.SignatureResult]prometheus.Counter
	refused    map[handlers.RefusalReason]prometheus.Counter
	batch      prometheus.Histogram
	commit     prometheus.Histogram
	deliveries map[models.DeliveryState]prometheus.Counter
	attempts   map[string]prometheus.Counter
	mails      map[mail.Problem]prometheus.Counter
	attempt    prometheus.Histogram
}

func newMetrics(db *store.DB, now func() time.Time, log *slog.Logger) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		batch: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "campaignlark_intake_batch_calls", Help: "Calls that one transaction committed.", Buckets: prometheus.ExponentialBuckets(1, 2, 9),
		}),
		commit: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "campaignlark_intake_commit_seconds", Help: "How long a batch took from its first statement to its commit.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}),
		attempt: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "campaignlark_delivery_attempt_seconds", Help: "How long an attempt to deliver took until its answer was read.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 15, 16, 20},
		}),
	}
	m.calls = countersOf(m, prometheus.CounterOpts{
		Name: "campaignlark_webhook_calls_total", Help: "Calls to webhooks that exist or once existed, by what became of them; busy ones were turned away with 503.",
	}, "outcome", append([]models.Outcome{intake.OutcomeBusy}, models.Outcomes...))
	m.unreadable = countersOf(m, prometheus.CounterOpts{
		Name: "campaignlark_webhook_unreadable_total", Help: "Calls whose payload could not be read, by what was wrong with it.",
	}, "kind", intake.DecodeKinds)
	m.signatures = countersOf(m, prometheus.CounterOpts{
		Name: "campaignlark_webhook_signatures_total", Help: "Calls whose signature was checked, by what came out.",
	}, "result", senders.SignatureResults)
	m.refused = countersOf(m, prometheus.CounterOpts{
		Name: "campaignlark_webhook_refused_total", Help: "Requests to the webhooks' endpoint that were refused before a webhook saw them, by reason.",
	}, "reason", handlers.RefusalReasons)
	m.deliveries = countersOf(m, prometheus.CounterOpts{
		Name: "campaignlark_deliveries_total", Help: "Attempts to deliver, by the state of the delivery afterwards: pending will be tried again.",
	}, "result", models.DeliveryStates)
	m.attempts = countersOf(m, prometheus.CounterOpts{
		Name: "campaignlark_delivery_attempts_total", Help: "Attempts to deliver, by what came out of them: arrived, why they failed, or the status of the answer.",
	}, "code", deliveries.Labels())
	m.mails = countersOf(m, prometheus.CounterOpts{
		Name: "campaignlark_mails_total", Help: "E-mails to members that were tried, by what came out: sent, or why the mail server did not take them.",
	}, "result", append([]mail.Problem{mailSent}, mail.Problems...))
	m.registry.MustRegister(m.batch, m.commit, m.attempt, newMarks(db, now, log), newOutgoing(db, now, log), prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "campaignlark_panics_total", Help: "Panics that were recovered: each is a fault of the program, and its stack is in the log.",
	}, func() float64 { return float64(faults.Count()) }), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// countersOf creates a counter for each value of a label at the start, so that an answer needs no look-up in the library.
func countersOf[T ~string](m *metrics, opts prometheus.CounterOpts, label string, values []T) map[T]prometheus.Counter {
	vec := prometheus.NewCounterVec(opts, []string{label})
	m.registry.MustRegister(vec)
	counters := make(map[T]prometheus.Counter, len(values))
	for _, v := range values {
		counters[v] = vec.WithLabelValues(string(v))
	}
	return counters
}

// observe receives the intake's measurements. A call costs one or two atomic additions, a batch some more.
func (m *metrics) observe() intake.Observe {
	return intake.Observe{
		Answered: func(o models.Outcome) {
			if counter, known := m.calls[o]; known {
				counter.Inc()
			}
		},
		Unreadable: func(k intake.DecodeKind) {
			if counter, known := m.unreadable[k]; known {
				counter.Inc()
			}
		},
		Signature: func(r senders.SignatureResult) {
			if counter, known := m.signatures[r]; known {
				counter.Inc()
			}
		},
		Committed: func(calls int, took time.Duration) {
			m.batch.Observe(float64(calls))
			m.commit.Observe(took.Seconds())
		},
	}
}

// mailSent is the label of mails that were sent. An empty label would be none.
const mailSent mail.Problem = "sent"

// observeMail counts a mail.
func (m *metrics) observeMail(p mail.Problem) {
	if p == mail.ProblemNone {
		p = mailSent
	}
	if counter, known := m.mails[p]; known {
		counter.Inc()
	}
}

// observeDeliveries receives the measurements of the sender.
func (m *metrics) observeDeliveries() deliveries.Observe {
	return deliveries.Observe{
		Attempted: func(r deliveries.Result) {
			if counter, known := m.attempts[r.Label()]; known {
				counter.Inc()
			}
			m.attempt.Observe(r.Duration.Seconds())
		},
		Recorded: func(state models.DeliveryState) {
			if counter, known := m.deliveries[state]; known {
				counter.Inc()
			}
		},
	}
}

// refuse counts a request that never reached the endpoint's handler.
func (m *metrics) refuse(reason handlers.RefusalReason) {
	if counter, known := m.refused[reason]; known {
		counter.Inc()
	}
}

// watch adds the metrics that each scrape reads from the pipeline.
func (m *metrics) watch(p *intake.Pipeline) {
	gauge := func(name, help string, read func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read)
	}
	m.registry.MustRegister(
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "campaignlark_webhook_unknown_hashes_total", Help: "Calls to addresses that never existed.",
		}, func() float64 { return float64(p.UnknownHashes()) }),
		gauge("campaignlark_intake_waiting_calls", "Calls that are taken on and not answered yet.",
			func() float64 { calls, _ := p.Waiting(); return float64(calls) }),
		gauge("campaignlark_intake_waiting_bytes", "Memory of the calls that are taken on and not answered yet.",
			func() float64 { _, bytes := p.Waiting(); return float64(bytes) }),
	)
}

// marksTimeout is how long a scrape waits for the database.
const marksTimeout = 2 * time.Second

// marks reads at each scrape how far the segments are behind, and whether they drifted. The values come from the database, so
// every replica reports the same. While the database does not answer, they are absent.
type marks struct {
	db         *store.DB
	now        func() time.Time
	log        *slog.Logger
	count, age *prometheus.Desc
	drift      *prometheus.Desc
	runs, late *prometheus.Desc // of automations
}

func newMarks(db *store.DB, now func() time.Time, log *slog.Logger) *marks {
	return &marks{db: db, now: now, log: log,
		count: prometheus.NewDesc("campaignlark_segment_marks", "Changes of contacts that the segments have not followed yet.", nil, nil),
		age:   prometheus.NewDesc("campaignlark_segment_oldest_mark_age_seconds", "How long the oldest of those changes is waiting; 0 when none is.", nil, nil),
		drift: prometheus.NewDesc("campaignlark_segment_drift", "Memberships that differed from the rules in the last verification of each workspace; anything above 0 is a fault.", nil, nil),
		runs:  prometheus.NewDesc("campaignlark_automation_runs_due", "Steps of automations that are due and not done yet.", nil, nil),
		late:  prometheus.NewDesc("campaignlark_automation_oldest_due_age_seconds", "How long the oldest of those steps is due; 0 when none is.", nil, nil),
	}
}

// Describe names the numbers.
func (m *marks) Describe(out chan<- *prometheus.Desc) {
	out <- m.count
	out <- m.age
	out <- m.drift
	out <- m.runs
	out <- m.late
}

// Collect reads the metrics. It recovers a panic, which costs only these metrics. The library would fail the whole scrape and
// quote the panic's value in the answer.
func (m *marks) Collect(out chan<- prometheus.Metric) {
	if err := faults.Catch(func() error { return m.collect(out) }); faults.Attrs(err) != nil {
		m.log.Error("the segments' numbers could not be read", store.ErrorAttr(err))
	}
}

func (m *marks) collect(out chan<- prometheus.Metric) error {
	ctx, cancel := context.WithTimeout(context.Background(), marksTimeout)
	defer cancel()
	waiting, oldest, err := m.db.WaitingMarks(ctx)
	if err != nil {
		return err
	}
	drift, err := m.db.SegmentDrift(ctx)
	if err != nil {
		return err
	}
	runs, due, err := m.db.DueRuns(ctx, m.now())
	if err != nil {
		return err
	}
	out <- prometheus.MustNewConstMetric(m.count, prometheus.GaugeValue, float64(waiting))
	out <- prometheus.MustNewConstMetric(m.age, prometheus.GaugeValue, m.since(waiting, oldest))
	out <- prometheus.MustNewConstMetric(m.drift, prometheus.GaugeValue, float64(drift))
	out <- prometheus.MustNewConstMetric(m.runs, prometheus.GaugeValue, float64(runs))
	out <- prometheus.MustNewConstMetric(m.late, prometheus.GaugeValue, m.since(runs, due))
	return nil
}

// since returns the age in seconds of the oldest of n things, 0 for none.
func (m *marks) since(n int64, oldest time.Time) float64 {
	if n == 0 {
		return 0
	}
	return max(0, m.now().Sub(oldest).Seconds())
}

// handler answers scrapes at /metrics, a few at a time.
func (m *metrics) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	return mux
}

// serveMetrics serves them on a separate listener until the returned function is called. Without an address it does
// nothing.
func (p program) serveMetrics(addr string, m *metrics) (stop func(), err error) {
	if addr == "" {
		return func() {}, nil
	}
	ln, err := listen("METRICS_ADDR", addr)
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: m.handler(), ReadTimeout: 10 * time.Second, WriteTimeout: 20 * time.Second, IdleTimeout: 2 * time.Minute}
	p.log.Info("serving metrics", "address", ln.Addr().String())
	go func() {
		if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			p.log.Error("serving metrics ended", "error", err)
		}
	}()
	return func() { server.Close() }, nil
}
