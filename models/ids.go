package models

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// NewID returns a UUIDv7 for the instant t: 48 bits of milliseconds, 12 bits of the fraction below, 62 random bits (RFC
// 9562, 6.2 method 3). Ids of requests, events and segment changes sort by time.
func NewID(t time.Time) uuid.UUID {
	id := IDAt(t)
	var random [8]byte
	rand.Read(random[:])
	copy(id[8:], random[:])
	id[8] = id[8]&0x3f | 0x80
	return id
}

// CompareIDs orders ids by time: negative if a is older than b.
func CompareIDs(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }

// IDAt returns the smallest UUIDv7 of the instant t, so that a range of time is a range of ids.
func IDAt(t time.Time) uuid.UUID {
	var id uuid.UUID
	ms := t.UnixMilli()
	fraction := uint16(uint64(t.UnixNano()-ms*1e6) * 4096 / 1e6)
	binary.BigEndian.PutUint64(id[:8], uint64(ms)<<16)
	binary.BigEndian.PutUint16(id[6:8], 0x7000|fraction&0x0fff)
	id[8] = 0x80
	return id
}

// IDTime returns when a UUIDv7 was created, to the millisecond.
func IDTime(id uuid.UUID) time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(id[:8]) >> 16)).UTC()
}

// AddressKey returns the number that identifies one address of one workspace in the request log and the locks: the first 8
// bytes of SHA-256 over both (DESIGN "Request log").
func AddressKey(workspaceID int64, address string) int64 {
	sum := sha256.Sum256(strconv.AppendInt(nil, workspaceID, 10))
	h := sha256.New()
	h.Write(sum[:])
	h.Write([]byte(address))
	return int64(binary.BigEndian.Uint64(h.Sum(nil)))
}
