package main

import (
	"context"
	"log/slog"
	"time"

	"campaignlark/deliveries"
	"campaignlark/faults"
	"campaignlark/models/store"

	"github.com/prometheus/client_golang/prometheus"
)

// outgoing reads at each scrape what waits to be delivered and which destinations take nothing. As with marks, every replica reports the same,
// and while the database does not answer the numbers are absent.
type outgoing struct {
	db                 *store.DB
	now                func() time.Time
	log                *slog.Logger
	waiting, due       *prometheus.Desc
	failing, switchOff *prometheus.Desc
}

func newOutgoing(db *store.DB, now func() time.Time, log *slog.Logger) *outgoing {
	return &outgoing{db: db, now: now, log: log,
		waiting:   prometheus.NewDesc("campaignlark_deliveries_waiting", "Deliveries that wait for an attempt, counted up to 100,000.", nil, nil),
		due:       prometheus.NewDesc("campaignlark_delivery_oldest_due_age_seconds", "How long the oldest delivery is due whose destination is on; 0 when none is.", nil, nil),
		failing:   prometheus.NewDesc("campaignlark_destinations_failing", "Destinations that are on and take nothing.", nil, nil),
		switchOff: prometheus.NewDesc("campaignlark_destinations_switched_off", "Destinations that the program has switched off.", nil, nil),
	}
}

// Describe names the numbers.
func (o *outgoing) Describe(out chan<- *prometheus.Desc) {
	out <- o.waiting
	out <- o.due
	out <- o.failing
	out <- o.switchOff
}

// Collect reads the numbers. A panic costs only these.
func (o *outgoing) Collect(out chan<- prometheus.Metric) {
	if err := faults.Catch(func() error { return o.collect(out) }); faults.Attrs(err) != nil {
		o.log.Error("the numbers of deliveries could not be read", store.ErrorAttr(err))
	}
}

func (o *outgoing) collect(out chan<- prometheus.Metric) error {
	ctx, cancel := context.WithTimeout(context.Background(), marksTimeout)
	defer cancel()
	n, err := deliveries.NumbersOf(ctx, o.db, o.now())
	if err != nil {
		return err
	}
	age := 0.0
	if n.Due != nil {
		age = max(0, o.now().Sub(*n.Due).Seconds())
	}
	out <- prometheus.MustNewConstMetric(o.waiting, prometheus.GaugeValue, float64(n.Waiting))
	out <- prometheus.MustNewConstMetric(o.due, prometheus.GaugeValue, age)
	out <- prometheus.MustNewConstMetric(o.failing, prometheus.GaugeValue, float64(n.Failing))
	out <- prometheus.MustNewConstMetric(o.switchOff, prometheus.GaugeValue, float64(n.Off))
	return nil
}
