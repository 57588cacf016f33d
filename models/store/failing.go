package store

import (
	"strconv"
	"time"

	"campaignlark/models"
)

// FailingDestination is the condition for destinations that fail, as deliveries.Failing has it. Its argument @failed_by is FailedBy.
var FailingDestination = "deleted_at IS NULL AND enabled AND failing_since IS NOT NULL AND (failures >= " + strconv.Itoa(models.FailsOften) + " OR failing_since <= @failed_by)"

// FailedBy returns since when the attempts at a destination must have failed for it to fail at the instant now.
func FailedBy(now time.Time) time.Time { return models.Instant(now.Add(-models.FailsLong)) }
