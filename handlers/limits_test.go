package handlers

import (
	"net/netip"
	"testing"
	"time"

	"campaignlark/models"
	"campaignlark/senders"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	hook, other := models.WebhookHash{WorkspaceID: 1, WebhookID: 2}, models.WebhookHash{WorkspaceID: 1, WebhookID: 3}
	for name, c := range map[string]struct {
		answers senders.Answers
		calls   []struct {
			hook   models.WebhookHash
			client string
			after  time.Duration
			wait   time.Duration
		}
	}{
		"no limit": {senders.Answers{}, []struct {
			hook   models.WebhookHash
			client string
			after  time.Duration
			wait   time.Duration
		}{{hook, "203.0.113.1", 0, 0}, {hook, "203.0.113.1", 0, 0}, {hook, "203.0.113.1", 0, 0}}},
		"of the webhook": {senders.Answers{LimitWebhook: 2}, []struct {
			hook   models.WebhookHash
			client string
			after  time.Duration
			wait   time.Duration
		}{{hook, "203.0.113.1", 0, 0}, {hook, "198.51.100.1", 10 * time.Second, 0}, {hook, "192.0.2.1", 20 * time.Second, 40 * time.Second},
			{other, "192.0.2.1", 20 * time.Second, 0}, {hook, "192.0.2.1", time.Minute, 0}}},
		"of a network": {senders.Answers{LimitNetwork: 1}, []struct {
			hook   models.WebhookHash
			client string
			after  time.Duration
			wait   time.Duration
		}{{hook, "203.0.113.1", 0, 0}, {hook, "203.0.113.200", time.Second, 59 * time.Second}, {hook, "203.0.114.1", time.Second, 0}, {hook, "::ffff:203.0.113.9", time.Second, 59 * time.Second},
			{hook, "2001:db8:0:100::1", time.Second, 0}, {hook, "2001:db8:0:1ff::2", time.Second, time.Minute}, {hook, "2001:db8:0:200::2", time.Second, 0}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l limits
			for i, call := range c.calls {
				if got := l.take(call.hook, netip.MustParseAddr(call.client), c.answers, noon.Add(call.after)); got != call.wait {
					t.Errorf("call %d: got %v to wait, want %v", i, got, call.wait)
				}
			}
		})
	}
	var l limits
	for i := range 3 * maxMinutes {
		l.take(hook, netip.AddrFrom4([4]byte{byte(10 + i>>16), byte(i >> 8), byte(i), 1}), senders.Answers{}, noon)
	}
	if len(l.minutes) > maxMinutes+2 || len(l.hours) != 1 {
		t.Errorf("got %d minutes and %d hours, want them bounded", len(l.minutes), len(l.hours))
	}
}
