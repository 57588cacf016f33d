package segments

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestPatchChangesWhatDiffers patches random rows byte by byte, like the SQL statement.
func TestPatchChangesWhatDiffers(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		before := make(chunkBits, slotBytes*(1+r.IntN(50)))
		for i := range before {
			before[i] = byte(r.IntN(256))
		}
		after := bytes.Clone(before)
		for range r.IntN(patchBytes + 3) {
			after[r.IntN(len(after))] ^= byte(r.IntN(256))
		}
		differ := 0
		for i := range after {
			if after[i] != before[i] {
				differ++
			}
		}
		p, ok := newPatch(7, before, after)
		if want := differ > 0 && differ <= patchBytes; ok != want {
			t.Fatalf("got %t for %d bytes that differ, want %t", ok, differ, want)
		}
		if !ok {
			continue
		}
		for _, b := range p.bytes {
			before[b.at] = b.byte
		}
		if p.chunk != 7 || !bytes.Equal(before, after) {
			t.Fatalf("got %x in chunk %d, want %x in 7", before, p.chunk, after)
		}
	}
}

func TestPatchIsForRowsOfOneLength(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]chunkBits{
		{nil, {1}}, {{1}, nil}, {{1}, {1, 0}}, {nil, nil},
	} {
		if p, ok := newPatch(1, c[0], c[1]); ok {
			t.Errorf("got the patch %v from %x to %x, want none", p, c[0], c[1])
		}
	}
}
