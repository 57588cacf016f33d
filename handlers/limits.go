package handlers

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"campaignlark/models"
	"campaignlark/senders"
)

// limits counts the calls of each webhook by minute, of all clients and of each network. Each replica counts for itself.
type limits struct {
	mu      sync.Mutex
	minutes map[limitKey]minute
	hours   map[hourKey]*models.WebhookHour // what is not stored yet
}

// limitKey is what a limit counts: a webhook, or a network that calls it.
type limitKey struct {
	workspace, webhook int64
	network            netip.Prefix // zero for all clients
}

type hourKey struct {
	workspace, webhook int64
	hour               int64 // Unix seconds
}

// minute counts calls from its beginning on.
type minute struct {
	began time.Time
	calls int64
}

// maxMinutes bounds the minutes that are counted at the same time. If there are more, those that have ended are forgotten, and if that
// does not help, all of them.
const maxMinutes = 1 << 16

// networkOf returns the network of a client: /24 of IPv4, /56 of IPv6.
func networkOf(client netip.Addr) netip.Prefix {
	client = client.Unmap().WithZone("")
	bits := 24
	if client.Is6() {
		bits = 56
	}
	network, _ := client.Prefix(bits) // of an invalid address: the zero Prefix
	return network
}

// take counts a call at now. If it is over a limit of the webhook, wait is how long its client has to wait, else 0.
func (l *limits) take(hash models.WebhookHash, client netip.Addr, a senders.Answers, now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := limitKey{hash.WorkspaceID, hash.WebhookID, netip.Prefix{}}
	one := limitKey{hash.WorkspaceID, hash.WebhookID, networkOf(client)}
	ofAll, ofOne := l.at(all, now), l.at(one, now)
	over := func(m minute, most int) {
		if left := m.began.Add(time.Minute).Sub(now); most > 0 && m.calls >= int64(most) && left > wait {
			wait = left
		}
	}
	over(ofAll, a.LimitWebhook)
	over(ofOne, a.LimitNetwork)
	h := l.hour(hash, now)
	if wait > 0 {
		h.TurnedAway++
		return wait
	}
	ofAll.calls++
	ofOne.calls++
	l.minutes[all], l.minutes[one] = ofAll, ofOne
	h.BusiestMinute, h.BusiestNetwork = max(h.BusiestMinute, ofAll.calls), max(h.BusiestNetwork, ofOne.calls)
	return 0
}

// at returns the minute that counts for a key now.
func (l *limits) at(key limitKey, now time.Time) minute {
	m, known := l.minutes[key]
	if known && now.Sub(m.began) < time.Minute {
		return m
	}
	if len(l.minutes) >= maxMinutes {
		for key, m := range l.minutes {
			if now.Sub(m.began) >= time.Minute {
				delete(l.minutes, key)
			}
		}
	}
	if l.minutes == nil || len(l.minutes) >= maxMinutes {
		l.minutes = map[limitKey]minute{}
	}
	return minute{began: now}
}

// hour returns what is not stored yet of the hour of now.
func (l *limits) hour(hash models.WebhookHash, now time.Time) *models.WebhookHour {
	hour := now.UTC().Truncate(time.Hour)
	key := hourKey{hash.WorkspaceID, hash.WebhookID, hour.Unix()}
	h := l.hours[key]
	if h == nil {
		h = &models.WebhookHour{WorkspaceID: hash.WorkspaceID, WebhookID: hash.WebhookID, Hour: hour}
		if l.hours == nil {
			l.hours = map[hourKey]*models.WebhookHour{}
		}
		l.hours[key] = h
	}
	return h
}

// unstored returns what a webhook had that is not stored yet.
func (l *limits) unstored(w models.Webhook) (hours []models.WebhookHour) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, h := range l.hours {
		if key.workspace == w.WorkspaceID && key.webhook == w.ID {
			hours = append(hours, *h)
		}
	}
	return hours
}

// StoreHours stores what the webhooks had since its last run: calls over a limit, and the busiest minutes. It is a chore.
func (s *Server) StoreHours(ctx context.Context, _ time.Time) error {
	s.limits.mu.Lock()
	hours := s.limits.hours
	s.limits.hours = nil
	s.limits.mu.Unlock()
	const step = 100
	var batch []models.WebhookHour
	for _, h := range hours {
		if batch = append(batch, *h); len(batch) == step {
			if err := s.DB.AddWebhookHours(ctx, batch); err != nil {
				return err
			}
			batch = nil
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return s.DB.AddWebhookHours(ctx, batch)
}
