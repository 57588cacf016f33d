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
}

// ResendCursor is where a JobResend stands: the last delivery that was sent again.
type ResendCursor struct{ After uuid.UUID }
