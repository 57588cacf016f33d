package segments

import (
	"slices"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// round is one transaction of the ticker in one workspace, under the workspace's lock.
type round struct {
	tx        *gorm.DB
	workspace int64
	now       time.Time
	at        rule.Moment // of now
	today     string      // the day of now in the workspace's time zone
	segments  []*running
	byID      map[int64]*running
	versions  []*version // each after those that it refers to
	tally     tally
}

// running is a segment with its compiled rules.
type running struct {
	models.Segment
	shown    *version // the visible version; nil before the first build, or while it is frozen
	building *version // nil if no build is running
}

// version is a rule with the slot of its membership: a segment's visible version, or the one being built.
type version struct {
	of      *running
	slot    int
	matcher rule.Matcher
	timed   bool
	looksAt []int64 // the segments it refers to

	// In the current evaluation:
	taken bool // whether the version is part of it
	asks  func(segment int64) bool
	in    bool // the result for the last contact
}

// tryLock takes the workspace's lock until the transaction ends, if it is free. SQLite has one writer and needs no
// lock.
func tryLock(tx *gorm.DB, workspace int64) (locked bool, err error) {
	if tx.Name() != string(store.Postgres) {
		return true, nil
	}
	err = tx.Raw("SELECT pg_try_advisory_xact_lock(?, ?)", store.LockSegments, lockKey(workspace)).Scan(&locked).Error
	return locked, err
}

// begin reads the segments of the workspace and compiles their rules. It marks a rule that does not compile as broken.
func begin(tx *gorm.DB, workspace int64, now time.Time) (*round, error) {
	schema, err := loadSchema(tx, workspace)
	if err != nil {
		return nil, err
	}
	r := &round{tx: tx, workspace: workspace, now: now, at: schema.At(now), today: now.In(schema.Location).Format(time.DateOnly),
		byID: make(map[int64]*running, len(schema.Segments))}
	for _, segment := range schema.Segments {
		g := &running{Segment: segment}
		r.segments, r.byID[g.ID] = append(r.segments, g), g
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
	if err := r.freeze(); err != nil {
		return nil, err
	}
	r.order()
	return r, nil
}

// freeze freezes segments that refer to one with a broken rule. If only an old rule that is being replaced does so, its
// membership is frozen until the swap.
func (r *round) freeze() error {
	all := make([]models.Segment, len(r.segments))
	for i, g := range r.segments {
		all[i] = g.Segment
	}
	for _, i := range spreadBroken(all) {
		g := r.segments[i]
		g.shown, g.building, g.BrokenReason = nil, nil, all[i].BrokenReason
		if err := r.update(g, map[string]any{"broken_reason": g.BrokenReason}); err != nil {
			return err
		}
	}
	for _, g := range r.segments {
		if g.shown != nil && slices.ContainsFunc(g.shown.looksAt, func(id int64) bool { return r.byID[id] != nil && r.byID[id].BrokenReason != "" }) {
			g.shown = nil
		}
	}
	return nil
}

// compile compiles the rules of the segment. The error says why the latest rule cannot be evaluated: the one being
// built, if any.
func (g *running) compile(schema rule.Schema) (broken error) {
	if g.BuildingRule != nil {
		if g.building, broken = compileText(*g.BuildingRule, schema); broken != nil {
			return broken
		}
		g.building.of, g.building.slot = g, *g.BuildingSlot
	}
	if g.Slot >= 0 {
		if g.shown, broken = compileText(g.Rule, schema); broken == nil {
			g.shown.of, g.shown.slot = g, g.Slot
		}
	}
	if g.building != nil {
		return nil // a broken old rule stays frozen until the swap
	}
	return broken
}

func compileText(root string, schema rule.Schema) (*version, error) {
	g, problems := rule.Parse(root)
	if len(problems) > 0 {
		return nil, rule.ErrUnknown
	}
	matcher, err := rule.Compile(g, schema)
	if err != nil {
		return nil, err
	}
	return &version{matcher: matcher, timed: matcher.Timed(), looksAt: g.Segments()}, nil
}

// order lists the versions, each after those that it refers to. Rules have no cycles (Group.CheckFor).
func (r *round) order() {
	seen := map[*version]bool{}
	var visit func(v *version)
	visit = func(v *version) {
		if v == nil || seen[v] {
			return
		}
		seen[v] = true
		for _, id := range v.looksAt {
			visit(r.asked(v, id))
		}
		r.versions = append(r.versions, v)
	}
	for _, g := range r.segments {
		visit(g.shown)
	}
	for _, g := range r.segments {
		visit(g.building)
	}
}

// asked returns the version of the segment that v refers to. A version being built sees other versions being built, so
// that all are consistent after the swap. It is nil for a membership that is frozen or not built yet.
func (r *round) asked(v *version, segment int64) *version {
	g := r.byID[segment]
	switch {
	case g == nil:
		return nil
	case v == v.of.building && g.building != nil:
		return g.building
	}
	return g.shown
}

func (r *round) update(g *running, values map[string]any) error {
	return r.tx.Model(&models.Segment{}).Where("workspace_id = ? AND id = ?", r.workspace, g.ID).Updates(values).Error
}
