package segments

import (
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// round is one transaction of the ticker in one workspace, under the workspace's lock.
type round struct {
	tx        *gorm.DB
	workspace int64
	now       time.Time
	at        Moment // of now
	segments  []*running
}

// running is a segment with its compiled rules.
type running struct {
	models.Segment
	shown    *Matcher // of the membership that people see; nil while there is none, or while it is frozen
	building *Matcher // of the membership that is being built; nil when none is
	count    int64    // by how much this round changes the member count
}

// tryLock takes the workspace's lock until the transaction ends, unless somebody else has it. On SQLite there is one
// writer anyway.
func tryLock(tx *gorm.DB, workspace int64) (locked bool, err error) {
	if tx.Name() != string(models.Postgres) {
		return true, nil
	}
	err = tx.Raw("SELECT pg_try_advisory_xact_lock(?, ?)", models.LockSegments, lockKey(workspace)).Scan(&locked).Error
	return locked, err
}

// begin reads the segments of the workspace and compiles their rules. A rule that cannot be compiled is marked broken.
func begin(tx *gorm.DB, workspace int64, now time.Time) (*round, error) {
	r := &round{tx: tx, workspace: workspace, now: now}
	schema, err := loadSchema(tx, workspace)
	if err != nil {
		return nil, err
	}
	r.at = schema.At(now)
	for _, segment := range schema.Segments {
		g := &running{Segment: segment}
		r.segments = append(r.segments, g)
		if g.BrokenReason != "" {
			continue
		}
		if err := g.compile(schema); err != nil {
			g.shown, g.building, g.BrokenReason = nil, nil, err.Error()
			if err := r.update(g, map[string]any{"broken_reason": g.BrokenReason}); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// compile compiles the rules of the segment. The error says why the one that counts, which is the new one while it is
// being built, cannot be evaluated.
func (g *running) compile(schema Schema) (broken error) {
	if g.BuildingRule != nil {
		if g.building, broken = compileText(*g.BuildingRule, schema); broken != nil {
			return broken
		}
	}
	if g.Slot >= 0 {
		g.shown, broken = compileText(g.Rule, schema)
	}
	if g.building != nil {
		return nil // a broken rule that is on its way out stays frozen until then
	}
	return broken
}

func compileText(rule string, schema Schema) (*Matcher, error) {
	g, problems := Parse(rule)
	if len(problems) > 0 {
		return nil, errUnknown
	}
	matcher, err := Compile(g, schema)
	if err != nil {
		return nil, err
	}
	return &matcher, nil
}

func (r *round) update(g *running, values map[string]any) error {
	return r.tx.Model(&models.Segment{}).Where("workspace_id = ? AND id = ?", r.workspace, g.ID).Updates(values).Error
}
