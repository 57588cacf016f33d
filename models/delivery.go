package models

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// WebhookSecret is a secret with which a webhook checks signatures.
type WebhookSecret struct {
	WorkspaceID int64
	WebhookID   int64
	Slot        SecretSlot
	Sealed      []byte // encrypted: package secrets
	Ending      string // its last characters, which the page shows
	CreatedAt   time.Time
}

// SecretSlot says which of a webhook's secrets one is.
type SecretSlot string

// While a secret is replaced, the sender may still use the older one.
const (
	SecretNewer SecretSlot = "newer"
	SecretOlder SecretSlot = "older"
)

// WebhookDelivery is a delivery that a webhook has processed. Another call with the same id does nothing.
type WebhookDelivery struct {
	WorkspaceID int64
	WebhookID   int64
	Key         []byte    // DeliveryKey of the sender's id
	RequestID   uuid.UUID // the call that was processed
	At          time.Time
	Repeats     int64      // calls with the same id since
	LastRepeat  *uuid.UUID // the last of them
}

// DeliveryLasts is how long a delivery's id is kept.
const DeliveryLasts = 7 * 24 * time.Hour

// DeliveryKey hashes the id of a delivery, so that it is not stored as it was sent. kind says where it came from: the same text in two
// places is two ids.
func DeliveryKey(kind, id string) [sha256.Size]byte {
	b := make([]byte, 0, 16+len(kind)+len(id))
	for _, part := range []string{kind, id} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(part)))
		b = append(b, part...)
	}
	return sha256.Sum256(b)
}
