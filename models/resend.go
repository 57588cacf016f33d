package models

import (
	"time"

	"github.com/google/uuid"
)

// ResendSpec is the spec of a JobResend: which deliveries of a destination are sent again.
type ResendSpec struct {
	DestinationID int64
	Name          string // the destination's, then
	State         DeliveryState
	From, To      time.Time // of the deliveries; zero for no bound
	Until         time.Time // what ended later was not meant

	// Further filters of the list of deliveries. A zero field does not narrow.
	ContactID    int64
	RequestID    uuid.UUID
	AutomationID int64
	EventType    string
	Status       int    // of the last answer
	Code         string // of the last attempt
	Which        string // these filters in words, without a person's data; "" for none
}

// SameAs reports whether two resends are about the same deliveries, at whatever time.
func (s ResendSpec) SameAs(other ResendSpec) bool {
	for _, spec := range []*ResendSpec{&s, &other} {
		spec.Name, spec.Which, spec.From, spec.To, spec.Until = "", "", time.Time{}, time.Time{}, time.Time{}
	}
	return s == other
}

// ResendCursor is where a JobResend stands: the last delivery that was sent again.
type ResendCursor struct{ After uuid.UUID }
