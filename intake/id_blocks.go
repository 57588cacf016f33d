package intake

import (
	"slices"
	"sync"
)

// maxUnusedIDs is how many contact ids a process reserves at most without using them. Contacts that two processes create at the
// same time differ from the order of their ids by that much.
const maxUnusedIDs = 64

// idBlocks holds contact ids that are reserved and not yet used, so that most batches need not reserve any.
type idBlocks struct {
	mu     sync.Mutex
	unused map[int64][]int64 // by workspace, ascending
	last   map[int64]int64   // size of the workspace's last block
	count  int64             // all unused ids
}

func newIDBlocks() *idBlocks {
	return &idBlocks{unused: map[int64][]int64{}, last: map[int64]int64{}}
}

// take returns up to n unused ids of a workspace, the lowest first, and removes them.
func (b *idBlocks) take(workspace, n int64) []int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	have := b.unused[workspace]
	n = min(n, int64(len(have)))
	b.unused[workspace] = have[n:]
	b.count -= n
	return slices.Clone(have[:n])
}

// block returns how many ids to reserve beyond those that a batch needs: twice as many as last time for a workspace that has used
// all of its ids again, within maxUnusedIDs. It drops the ids of other workspaces if they leave no room: an id need not be used.
func (b *idBlocks) block(workspace, need int64) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	size := min(maxUnusedIDs, max(2*need, 2*b.last[workspace]))
	if b.count+size > maxUnusedIDs {
		kept := b.unused[workspace]
		clear(b.unused)
		clear(b.last)
		b.count = int64(len(kept))
		if b.count > 0 {
			b.unused[workspace] = kept
		}
		size = min(size, maxUnusedIDs-b.count)
	}
	b.last[workspace] = size
	return size
}

// put adds reserved ids.
func (b *idBlocks) put(workspace int64, ids []int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.unused[workspace] = append(b.unused[workspace], ids...)
	slices.Sort(b.unused[workspace]) // two workers can reserve at the same time
	b.count += int64(len(ids))
}
