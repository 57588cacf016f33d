package intake

import (
	"slices"
	"testing"
)

func TestClaimLeavesAddressesOfABatch(t *testing.T) {
	t.Parallel()
	q := newQueue()
	a1, a2, b1 := &job{address: "a", addressKey: 1}, &job{address: "a", addressKey: 1}, &job{address: "b", addressKey: 2}
	none1, none2 := &job{}, &job{}
	q.put(a1)
	q.put(none1)
	first := q.claim(256)
	for _, j := range []*job{a2, b1, none2} {
		q.put(j)
	}
	second := q.claim(256)
	if !slices.Equal(first, []*job{a1, none1}) || !slices.Equal(second, []*job{b1, none2}) {
		t.Fatalf("got the batches %v and %v, want the second to leave the address of the first", first, second)
	}
	if got := q.takeFree(256); len(got) != 0 {
		t.Fatalf("got %v while a batch works on the address, want none", got)
	}
	later := make(chan []*job)
	go func() { later <- q.claim(256) }()
	q.finish(second)
	q.close() // what waits is still answered
	q.finish(first)
	if got := <-later; !slices.Equal(got, []*job{a2}) {
		t.Errorf("got %v, want the call that waited", got)
	}
	if got := q.claim(256); len(got) != 0 {
		t.Errorf("got %v of a closed queue, want none", got)
	}
}
