package deliveries

import (
	"context"
	"strconv"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// The errors of changes of deliveries. Their messages are for the person.
var (
	ErrOff      = &models.Error{Code: models.CodeConflict, Message: "The destination is switched off. Switch it on first."}
	ErrErased   = &models.Error{Code: models.CodeConflict, Message: "The person was erased, so there is nothing left to send."}
	ErrDropped  = &models.Error{Code: models.CodeConflict, Message: "This message was dropped and cannot be sent again."}
	ErrUnderWay = &models.Error{Code: models.CodeConflict, Message: "It is being tried right now. Look again in a minute."}
	ErrHeld     = &models.Error{Code: models.CodeConflict, Message: "An earlier message about this contact goes first. Try that one now, or give it up."}
	ErrEnded    = &models.Error{Code: models.CodeConflict, Message: "This message does not wait any more."}
	ErrSentOnly = &models.Error{Code: models.CodeInvalid, Message: "Only messages that arrived or were given up can be sent again."}
)

// SendTest sends a message of the type "test" to a destination.
func (s Store) SendTest(ctx context.Context, d models.Destination, userID int64, now time.Time) (sent models.Delivery, err error) {
	event := models.NewID(now)
	body := Envelope{ID: EventID(event), EventType: TestType, WorkspaceID: d.WorkspaceID, CreatedAt: models.EventTime{Time: now}}.JSON()
	err = s.DB.Write(ctx, func(tx *gorm.DB) error {
		old, err := toSend(tx, d)
		if err != nil {
			return err
		}
		sent = New(models.Delivery{WorkspaceID: d.WorkspaceID, DestinationID: d.ID, EventType: TestType, EventID: event}, body, now)
		if err := Enqueue(tx, sent); err != nil {
			return err
		}
		return audit(tx, old, userID, models.ActionDestinationTested, nil, now)
	})
	return sent, err
}

// TestType is the event type of test messages.
const TestType = "test"

// toSend is toChange for a destination that must be switched on.
func toSend(tx *gorm.DB, d models.Destination) (models.Destination, error) {
	old, err := toChange(tx, d)
	if err == nil && !old.Enabled {
		err = ErrOff
	}
	return old, err
}

// Replay sends one delivery again, or tries one that waits before its time. Attempts count on.
func (s Store) Replay(ctx context.Context, workspaceID, userID int64, id uuid.UUID, now time.Time) error {
	return s.changeOne(ctx, workspaceID, id, toSend, func(tx *gorm.DB, old models.Destination, v models.Delivery) error {
		switch {
		case v.State == models.DeliveryDropped && v.Body != nil:
			return ErrDropped
		case len(v.Body) == 0:
			return ErrErased
		case v.UnderWay(now):
			return ErrUnderWay
		case v.Held:
			return ErrHeld
		}
		set := again(now)
		switch {
		case v.State != models.DeliveryPending:
		case v.Asked: // twice before the attempt began: the schedule goes on as it would have after the first time
			delete(set, "resume_at")
		default:
			set["resume_at"] = v.NextAt
		}
		if err := ofDelivery(tx, v).Updates(set).Error; err != nil {
			return err
		}
		return audit(tx, old, userID, models.ActionDestinationReplayed, []models.AuditChange{{What: "Message", After: v.MessageID()}}, now)
	})
}

// again is what changes in a delivery that has ended and is sent again.
func again(now time.Time) map[string]any {
	return map[string]any{"state": models.DeliveryPending, "next_at": models.Instant(now), "reason": "", "ended_at": nil, "asked": true, "resume_at": nil}
}

// GiveUp ends a delivery that waits. It can be sent again later. One that had arrived before counts as arrived. While it is being tried, the
// error is ErrUnderWay: it may be arriving, and the next message about the contact must not overtake it.
func (s Store) GiveUp(ctx context.Context, workspaceID, userID int64, id uuid.UUID, now time.Time) error {
	return s.changeOne(ctx, workspaceID, id, toChange, func(tx *gorm.DB, d models.Destination, v models.Delivery) error {
		switch {
		case v.State != models.DeliveryPending:
			return ErrEnded
		case v.UnderWay(now):
			return ErrUnderWay
		}
		set := map[string]any{"state": models.DeliveryDead, "ended_at": now, "reason": reasonByHand, "held": false, "asked": false}
		if v.ArrivedAt != nil {
			set["state"], set["ended_at"], set["reason"] = models.DeliveryArrived, *v.ArrivedAt, reasonNotSent
		}
		err := ofDelivery(tx, v).Updates(set).Error
		if err == nil {
			err = letNextPass(tx, workspaceID, []uuid.UUID{v.ID}, models.Instant(now))
		}
		if err != nil {
			return err
		}
		return audit(tx, d, userID, models.ActionDestinationGivenUp, []models.AuditChange{{What: "Message", After: v.MessageID()}}, now)
	})
}

// changeOne runs change with a delivery and its destination, or returns ErrNotFound. lock reads and locks the destination; it comes before
// the delivery, as in the sender.
func (s Store) changeOne(ctx context.Context, workspaceID int64, id uuid.UUID, lock func(*gorm.DB, models.Destination) (models.Destination, error),
	change func(*gorm.DB, models.Destination, models.Delivery) error) error {
	return s.DB.Write(ctx, func(tx *gorm.DB) error {
		v, err := store.First[models.Delivery](tx.Where("workspace_id = ? AND id = ?", workspaceID, id))
		if err != nil {
			return err
		}
		d, err := lock(tx, models.Destination{WorkspaceID: workspaceID, ID: v.DestinationID})
		if err != nil {
			return err
		}
		if v, err = store.First[models.Delivery](store.ForChange(tx).Where("workspace_id = ? AND id = ?", workspaceID, id)); err != nil {
			return err
		}
		return change(tx, d, v)
	})
}

func ofDelivery(tx *gorm.DB, v models.Delivery) *gorm.DB {
	return tx.Model(&models.Delivery{}).Where("workspace_id = ? AND id = ?", v.WorkspaceID, v.ID)
}

// TryAllNow tries all that waits for its next attempt at a destination before its time, in steps. It returns how many, and whether that was all.
func (s Store) TryAllNow(ctx context.Context, d models.Destination, userID int64, now time.Time) (n int64, all bool, err error) {
	err = s.DB.Write(ctx, func(tx *gorm.DB) error {
		old, err := toSend(tx, d)
		if err != nil {
			return err
		}
		var waiting int64
		if err := tx.Raw("SELECT "+few("state = 'pending'")+" FROM destinations d WHERE d.workspace_id = ? AND d.id = ?", d.WorkspaceID, d.ID).Scan(&waiting).Error; err != nil {
			return models.In("count what waits", err)
		}
		return audit(tx, old, userID, models.ActionDestinationRetried, []models.AuditChange{{What: "Messages", After: countSaid(waiting)}}, now)
	})
	if err != nil {
		return 0, false, err
	}
	return s.tryAll(ctx, d, now)
}

// SwitchOn switches a destination on and tries what waits for it now, in steps. It returns how many would have waited longer, and whether that
// was all of them.
func (s Store) SwitchOn(ctx context.Context, d models.Destination, userID int64, now time.Time) (n int64, all bool, err error) {
	if err := s.Enable(ctx, d, userID, true, now); err != nil {
		return 0, false, err
	}
	return s.tryAll(ctx, d, now)
}

// tryAll tries what waits for its next attempt before its time. These attempts do not count in the schedule, which goes on after them.
func (s Store) tryAll(ctx context.Context, d models.Destination, now time.Time) (n int64, all bool, err error) {
	return s.inSteps(ctx, func(tx *gorm.DB, after uuid.UUID) (ids []uuid.UUID, err error) {
		err = store.ForChange(tx).Model(&models.Delivery{}).Where("workspace_id = ? AND destination_id = ? AND state = ? AND next_at > ? AND NOT held AND (leased_until IS NULL OR leased_until <= ?) AND id > ?",
			d.WorkspaceID, d.ID, models.DeliveryPending, now, now, after).Order("id").Limit(replayStep).Pluck("id", &ids).Error
		if err != nil || len(ids) == 0 {
			return nil, err
		}
		return ids, tx.Model(&models.Delivery{}).Where("workspace_id = ? AND id IN ?", d.WorkspaceID, ids).Updates(map[string]any{"resume_at": gorm.Expr("CASE WHEN asked THEN resume_at ELSE next_at END"), "asked": true, "next_at": models.Instant(now)}).Error
	})
}

// countSaid writes a count that stops at ExactCount + 1.
func countSaid(n int64) string {
	if n > models.ExactCount {
		return "more than " + strconv.Itoa(models.ExactCount)
	}
	return strconv.FormatInt(n, 10)
}

// stepTime is what must be left of the context's time for another step.
const stepTime = 5 * time.Second

// inSteps runs step, which changes the next deliveries after an id, each time in a transaction, until it finds no more.
func (s Store) inSteps(ctx context.Context, step func(tx *gorm.DB, after uuid.UUID) ([]uuid.UUID, error)) (n int64, all bool, err error) {
	after := uuid.Nil
	for {
		if end, has := ctx.Deadline(); has && time.Until(end) < stepTime {
			return n, false, nil
		}
		var ids []uuid.UUID
		err := s.DB.Write(ctx, func(tx *gorm.DB) error {
			ids, err = step(tx, after)
			return err
		})
		if err != nil || len(ids) == 0 {
			return n, err == nil, err
		}
		n, after = n+int64(len(ids)), ids[len(ids)-1]
	}
}
