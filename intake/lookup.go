package intake

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"campaignlark/models"
	"campaignlark/models/store"
)

// maxKnownHashes limits the cache of hashes. A full cache is cleared.
const maxKnownHashes = 1 << 16

// hashes finds the webhook of a hash. A hash never changes its webhook, so found hashes are cached. Whether a hash still
// works is read with the batch. Unknown hashes are counted but not cached, since anyone could fill a cache with them.
type hashes struct {
	db      *store.DB
	unknown atomic.Int64
	mu      sync.RWMutex
	known   map[string]models.WebhookHash
}

// Lookup finds the webhook of a hash, also if the hash no longer works. An error comes from the database.
func (p *Pipeline) Lookup(ctx context.Context, hash string) (row models.WebhookHash, found bool, err error) {
	return p.hashes.lookup(ctx, hash)
}

// UnknownHashes returns how many calls went to hashes that never existed, since the program started.
func (p *Pipeline) UnknownHashes() int64 { return p.hashes.unknown.Load() }

func (h *hashes) lookup(ctx context.Context, hash string) (models.WebhookHash, bool, error) {
	h.mu.RLock()
	row, ok := h.known[hash]
	h.mu.RUnlock()
	if ok {
		return row, true, nil
	}
	if models.ValidText(hash) != hash {
		h.unknown.Add(1)
		return row, false, nil
	}
	row, err := store.First[models.WebhookHash](h.db.Calls(ctx).Where("hash = ?", hash))
	if errors.Is(err, models.ErrNotFound) {
		h.unknown.Add(1)
		return row, false, nil
	}
	if err != nil {
		return row, false, models.In("intake: find the webhook", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.known) >= maxKnownHashes {
		clear(h.known)
	}
	h.known[row.Hash] = row
	return row, true, nil
}
