package models

// SubjectDestination is the subject of what happens to a destination and its deliveries.
const SubjectDestination = "destination"

// The actions of a person on destinations and their deliveries.
const (
	ActionDestinationCreated  = "destination.created"
	ActionDestinationUpdated  = "destination.updated"
	ActionDestinationEnabled  = "destination.enabled"
	ActionDestinationDisabled = "destination.disabled"
	ActionDestinationSecret   = "destination.secret" // a secret that signs deliveries was added or removed
	ActionDestinationDeleted  = "destination.deleted"
	ActionDestinationTested   = "destination.tested"
	ActionDestinationRetried  = "destination.retried"  // all that waits was tried before its time
	ActionDestinationReplayed = "destination.replayed" // deliveries that had ended were sent again
	ActionDestinationGivenUp  = "destination.given_up" // a delivery that waited
)

// ActionDestinationSwitchedOff is the program's own: it switched a destination off.
const ActionDestinationSwitchedOff = "destination.switched_off"
