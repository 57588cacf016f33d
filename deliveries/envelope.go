package deliveries

import (
	"encoding/json"

	"campaignlark/models"

	"github.com/google/uuid"
)

// Envelope is the body of every delivery.
type Envelope struct {
	ID          string           `json:"id"` // of the event: EventID
	EventType   string           `json:"event_type"`
	WorkspaceID int64            `json:"workspace_id"`
	CreatedAt   models.EventTime `json:"created_at"` // of the event
	Data        Data             `json:"data"`
}

// Data holds the subject of an event and its cause.
type Data struct {
	Contact *models.EventContact `json:"contact,omitempty"` // as it was at the event, or at the step of a run that had waited or changed it
	Cause   *Cause               `json:"cause,omitempty"`
}

// Cause says what led to an event. Parts that have no meaning for it are left out.
type Cause struct {
	RequestID  string   `json:"request_id,omitempty"` // the call, as its page names it
	Webhook    *Thing   `json:"webhook,omitempty"`
	Automation *Thing   `json:"automation,omitempty"` // that sends the delivery
	Tag        *Thing   `json:"tag,omitempty"`
	Segment    *Thing   `json:"segment,omitempty"`
	Fields     []string `json:"changed_fields,omitempty"`
}

// Thing is something of the workspace, by its id and its name.
type Thing struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// EventID is the id of an event as receivers see it.
func EventID(id uuid.UUID) string { return "evt_" + id.String() }

// JSON returns the envelope as it is sent.
func (e Envelope) JSON() []byte {
	text, err := json.Marshal(e)
	if err != nil {
		panic(err) // it holds only texts, numbers and times
	}
	return text
}
