package segments

import (
	"context"
	"fmt"
	"slices"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// MaxSegments is how many segments a workspace can have. Even if all are rebuilt at the same time, their slots fit into a
// row.
const MaxSegments = 250

// Store reads and changes segments. Now is the clock.
type Store struct {
	DB  *store.DB
	Now func() time.Time
}

// SchemaOf returns what the workspace's rules can refer to, and the names of deleted things that they still refer to.
func (s Store) SchemaOf(ctx context.Context, w models.Workspace) (rule.Schema, error) {
	schema, err := readSchema(s.DB.Read(ctx), w)
	if err != nil {
		return schema, err
	}
	return schema, nameDeleted(s.DB.Read(ctx), w.ID, &schema)
}

// SchemaIn is Store.SchemaOf for a query or a transaction, without the names of deleted things.
func SchemaIn(db *gorm.DB, w models.Workspace) (rule.Schema, error) { return readSchema(db, w) }

func loadSchema(db *gorm.DB, workspace int64) (rule.Schema, error) {
	w, err := store.First[models.Workspace](db.Where("id = ?", workspace))
	if err != nil {
		return rule.Schema{}, err
	}
	return readSchema(db, w)
}

func readSchema(db *gorm.DB, w models.Workspace) (rule.Schema, error) {
	var all []models.Segment
	if err := db.Where("workspace_id = ?", w.ID).Order("id").Find(&all).Error; err != nil {
		return rule.Schema{}, err
	}
	return readThings(db, w, all)
}

// SchemaWith is SchemaOf for segments that are read already, without the names of deleted things.
func (s Store) SchemaWith(ctx context.Context, w models.Workspace, all []models.Segment) (rule.Schema, error) {
	return readThings(s.DB.Read(ctx), w, all)
}

// readThings reads what rules can refer to besides segments.
func readThings(db *gorm.DB, w models.Workspace, all []models.Segment) (rule.Schema, error) {
	schema := rule.Schema{Location: w.Location(), Segments: all}
	var things []struct {
		models.MergeTag // for a tag or a webhook, Label is its name
		Kind            string
	}
	err := db.Raw(`SELECT 'merge tag' AS kind, workspace_id, id, key, label, type, options, default_value, created_at, deleted_at
			FROM merge_tags WHERE workspace_id = @ws AND deleted_at IS NULL
		UNION ALL SELECT 'tag', workspace_id, id, '', name, '', '[]', '', created_at, deleted_at FROM tags WHERE workspace_id = @ws AND deleted_at IS NULL
		UNION ALL SELECT 'webhook', workspace_id, id, '', name, '', '[]', '', created_at, deleted_at FROM webhooks WHERE workspace_id = @ws
		ORDER BY id`, map[string]any{"ws": w.ID}).Scan(&things).Error
	for _, t := range things {
		switch t.Kind {
		case "tag":
			schema.Tags = append(schema.Tags, models.Tag{WorkspaceID: w.ID, ID: t.ID, Name: t.Label})
		case "webhook":
			schema.Webhooks = append(schema.Webhooks, models.Webhook{WorkspaceID: w.ID, ID: t.ID, Name: t.Label, DeletedAt: t.DeletedAt})
		default:
			schema.MergeTags = append(schema.MergeTags, t.MergeTag)
		}
	}
	return rule.NewSchema(schema), err
}

// List returns the workspace's segments by name.
func (s Store) List(ctx context.Context, workspace int64) ([]models.Segment, error) {
	var segments []models.Segment
	err := s.DB.Read(ctx).Where("workspace_id = ?", workspace).Find(&segments).Error
	slices.SortFunc(segments, rule.ByName)
	return segments, err
}

// Get returns a segment, or ErrNotFound.
func (s Store) Get(ctx context.Context, workspace, id int64) (models.Segment, error) {
	return store.First[models.Segment](s.DB.Read(ctx).Where("workspace_id = ? AND id = ?", workspace, id))
}

// ErrNameTaken says that another segment of the workspace has this name, ignoring case.
var ErrNameTaken = &models.Error{Code: models.CodeInvalid, Message: "There is a segment with this name already. Please choose another name."}

// taken reports whether a segment other than id has this name.
func taken(all []models.Segment, id int64, name string) bool {
	folded := models.Fold(name)
	return slices.ContainsFunc(all, func(g models.Segment) bool { return g.ID != id && models.Fold(g.Name) == folded })
}

// Create stores a new segment; the ticker builds its membership. The name is valid by models.ValidateName; if it is
// taken, the error is ErrNameTaken. A rule that does not fit the workspace is an error with its Problems.
func (s Store) Create(ctx context.Context, workspace, userID int64, name string, rule rule.Group) (models.Segment, error) {
	now := models.Instant(s.Now())
	segment := models.Segment{WorkspaceID: workspace, Name: name, Slot: noSlot, CreatedAt: now, UpdatedAt: now}
	err := s.edit(ctx, workspace, func(tx *gorm.DB, all []models.Segment) error {
		if len(all) >= MaxSegments {
			return &models.Error{Code: models.CodeConflict, Message: fmt.Sprintf("A workspace can have %d segments. Please delete one that you no longer need.", MaxSegments)}
		}
		if taken(all, 0, name) {
			return ErrNameTaken
		}
		schema, err := loadSchema(tx, workspace)
		if err != nil {
			return err
		}
		text, err := checkedRule(schema, 0, rule)
		if err != nil {
			return err
		}
		segment.ID, segment.Rule = 0, text
		all = append(all, segment)
		if err := startBuild(tx, all, len(all)-1, text, userID, now); err != nil {
			return err
		}
		segment = all[len(all)-1]
		if err := tx.Create(&segment).Error; err != nil {
			return err
		}
		return audit(tx, schema, userID, models.ActionSegmentCreated, models.Segment{}, segment, now)
	})
	return segment, err
}

// Update gives a segment another name and rule. A changed rule, or one that was broken, is built again; the old
// membership stays visible until then. The errors are those of Create, and ErrNotFound. A segment may keep a name that
// it shares with another from before names had to be unique.
func (s Store) Update(ctx context.Context, workspace, userID, id int64, name string, root rule.Group) (models.Segment, error) {
	return s.update(ctx, workspace, userID, id, name, root, func(models.Segment) bool { return true })
}

// UpdateSeen is Update for a person who saw the segment as seen. If its name or latest rule is another one now, the error is
// ErrChanged.
func (s Store) UpdateSeen(ctx context.Context, seen models.Segment, userID int64, name string, root rule.Group) (models.Segment, error) {
	was := rule.OfSegment(seen).String()
	return s.update(ctx, seen.WorkspaceID, userID, seen.ID, name, root, func(g models.Segment) bool {
		return g.Name == seen.Name && rule.OfSegment(g).String() == was
	})
}

func (s Store) update(ctx context.Context, workspace, userID, id int64, name string, root rule.Group, asSeen func(models.Segment) bool) (models.Segment, error) {
	var segment models.Segment
	now := models.Instant(s.Now())
	err := s.edit(ctx, workspace, func(tx *gorm.DB, all []models.Segment) error {
		at := slices.IndexFunc(all, func(g models.Segment) bool { return g.ID == id })
		if at < 0 {
			return models.ErrNotFound
		}
		before := all[at]
		if !asSeen(before) {
			return models.ErrChanged
		}
		if models.Fold(name) != models.Fold(before.Name) && taken(all, id, name) {
			return ErrNameTaken
		}
		schema, err := loadSchema(tx, workspace)
		if err != nil {
			return err
		}
		text, err := checkedRule(schema, id, root)
		if err != nil {
			return err
		}
		all[at].Name, all[at].UpdatedAt = name, now
		if text != rule.OfSegment(before).String() || before.BrokenReason != "" {
			if err := startBuild(tx, all, at, text, userID, now); err != nil {
				return err
			}
		}
		segment = all[at]
		if err := saveSegment(tx, segment); err != nil {
			return err
		}
		return audit(tx, schema, userID, models.ActionSegmentUpdated, before, segment, now)
	})
	return segment, err
}

func saveSegment(tx *gorm.DB, segment models.Segment) error {
	return tx.Model(&models.Segment{}).Where("workspace_id = ? AND id = ?", segment.WorkspaceID, segment.ID).
		Select("*").Omit("workspace_id", "id", "created_at").Updates(&segment).Error
}

// Delete deletes a segment and frees its slot; the next build there overwrites it. If the rule of another segment refers to
// it, it refuses with models.CodeConflict, unless forced: then it breaks that rule (Freeze).
func (s Store) Delete(ctx context.Context, workspace, userID, id int64, forced bool) error {
	return s.edit(ctx, workspace, func(tx *gorm.DB, all []models.Segment) error {
		at := slices.IndexFunc(all, func(g models.Segment) bool { return g.ID == id })
		if at < 0 {
			return models.ErrNotFound
		}
		if err := freeze(tx, rule.SegmentRef(all[at]), all, forced); err != nil {
			return err
		}
		schema, err := loadSchema(tx, workspace)
		if err != nil {
			return err
		}
		if err := tx.Where("workspace_id = ? AND id = ?", workspace, id).Delete(&models.Segment{}).Error; err != nil {
			return err
		}
		if err := tx.Where("workspace_id = ? AND segment_id = ?", workspace, id).Delete(&models.SegmentDay{}).Error; err != nil {
			return err
		}
		return audit(tx, schema, userID, models.ActionSegmentDeleted, all[at], models.Segment{}, models.Instant(s.Now()))
	})
}

// edit runs f in a transaction that holds the lock of the workspace's segments and their bits.
func (s Store) edit(ctx context.Context, workspace int64, f func(tx *gorm.DB, all []models.Segment) error) error {
	return s.DB.Write(ctx, func(tx *gorm.DB) error { return editIn(tx, workspace, f) })
}

// editIn is edit inside an existing transaction.
func editIn(tx *gorm.DB, workspace int64, f func(tx *gorm.DB, all []models.Segment) error) error {
	if tx.Name() == string(store.Postgres) {
		if err := tx.Exec("SELECT pg_advisory_xact_lock(?, ?)", store.LockSegments, lockKey(workspace)).Error; err != nil {
			return err
		}
	}
	var all []models.Segment
	if err := tx.Where("workspace_id = ?", workspace).Order("id").Find(&all).Error; err != nil {
		return err
	}
	return f(tx, all)
}

// lockKey is the second number of the workspace's advisory lock, which has 32 bits.
func lockKey(workspace int64) int32 { return int32(workspace) }

// checkedRule checks the rule of a segment and returns it as stored; id is 0 for a new one.
func checkedRule(schema rule.Schema, id int64, rule rule.Group) (string, error) {
	checked, problems := rule.CheckFor(schema, id)
	if len(problems) > 0 {
		return "", &models.Error{Code: models.CodeInvalid, Message: problems.Error(), Err: problems}
	}
	return checked.String(), nil
}

// nameDeleted reads, from the audit log, the names of deleted tags, merge tags and segments that rules of the workspace
// still use.
func nameDeleted(db *gorm.DB, workspace int64, schema *rule.Schema) error {
	return NameDeleted(db, workspace, schema, schema.Missing())
}

// NameDeleted adds to the schema the names of deleted things, which the audit log knows.
func NameDeleted(db *gorm.DB, workspace int64, schema *rule.Schema, missing []rule.DeletedRef) error {
	if len(missing) == 0 {
		return nil
	}
	var subjects []string
	var ids []int64
	for _, m := range missing {
		subjects, ids = append(subjects, m.Subject), append(ids, m.ID)
	}
	var entries []models.AuditEntry
	err := db.Select("subject, subject_id, subject_name").Order("id").Where("workspace_id = ? AND subject IN ? AND subject_id IN ? AND action IN ?", workspace, subjects, ids,
		[]string{models.ActionTagDeleted, models.ActionMergeTagDeleted, models.ActionSegmentDeleted, models.ActionDestinationDeleted}).Find(&entries).Error
	if schema.Deleted == nil {
		schema.Deleted = map[rule.DeletedRef]string{}
	}
	for _, e := range entries {
		schema.Deleted[rule.DeletedRef{Subject: e.Subject, ID: e.SubjectID}] = e.SubjectName
	}
	return err
}
