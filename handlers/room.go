package handlers

import "sync/atomic"

// Limits of the memory for bodies, over all requests of this process. A body of up to freeBody needs no room: every connection has
// that much memory anyway, so the usual call is not counted. Large bodies cannot take the room of small ones.
const (
	freeBody  = 8 << 10 // as much as fasthttp reads before it calls the handler
	smallBody = 64 << 10
	smallRoom = 32 << 20 // for bodies of up to smallBody
	largeRoom = 32 << 20 // for larger ones of up to bodyLimit; uploads have their own limit
)

// room is memory for bodies, in bytes.
type room struct {
	held atomic.Int64
	most int64
}

// take reserves n bytes. It returns false, and takes nothing, if they are not free.
func (r *room) take(n int64) bool {
	for {
		held := r.held.Load()
		if held+n > r.most {
			return false
		}
		if r.held.CompareAndSwap(held, held+n) {
			return true
		}
	}
}

// rooms is the memory for all bodies.
type rooms struct{ small, large room }

// of returns the room for a body of n bytes, nil if it needs none.
func (r *rooms) of(n int64) *room {
	switch {
	case n <= freeBody:
		return nil
	case n <= smallBody:
		return &r.small
	}
	return &r.large
}

// fits reports whether a body of n bytes would get its room now.
func (r *rooms) fits(n int64) bool {
	in := r.of(n)
	return in == nil || in.held.Load()+n <= in.most
}

// reservation is the memory that one request's body takes of rooms.
type reservation struct {
	in *room // nil if it takes none
	n  int64
}

// grow makes the reservation n bytes large, in the room for that size. It returns false, and changes nothing, if there is no room.
func (p *reservation) grow(r *rooms, n int64) bool {
	in, more := r.of(n), n
	if in == p.in {
		more -= p.n
	}
	if in != nil && !in.take(more) {
		return false
	}
	if in != p.in {
		p.leave()
	}
	p.in, p.n = in, n
	return true
}

// leave gives it back.
func (p *reservation) leave() {
	if p.in != nil {
		p.in.held.Add(-p.n)
	}
	*p = reservation{}
}
