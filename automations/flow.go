package automations

import (
	"context"
	"slices"
	"time"

	"campaignlark/models"
)

// Flow says where the runs of an automation are. Started is the sum of everything that is under way, ended early, failed or done.
type Flow struct {
	Started int64
	Start   Reached
	Steps   map[int64]Reached // by the id of a step of the current definition
	Gone    Reached           // at steps that only earlier versions have
	Done    int64
	Earlier []VersionRuns // runs that still finish an earlier version, the newest version first
	Full    bool          // only the newest MostRuns were looked at
}

// Reached counts the runs at a step.
type Reached struct {
	Came   int64 // came by
	Here   int64 // are there now
	Ended  int64 // ended early there
	Failed int64
	Places []Place // where these runs stand in the table
}

// Place is a step of a version: its number, 0 for the start.
type Place struct {
	Revision int64
	Step     int
}

// VersionRuns counts the runs under way that follow a version.
type VersionRuns struct{ Revision, Runs int64 }

// flowGroup is how many runs of a version are at a step, in a state.
type flowGroup struct {
	Place
	State models.RunState
	Older bool // they began before the period
	N     int64
}

// flowOf puts the groups together. versions has the definition of each revision; current is the one that people see. A step of an earlier
// version is the same step if it has the same id and type.
func flowOf(groups []flowGroup, versions map[int64]Definition, revision int64) (f Flow) {
	current := versions[revision]
	f.Steps = map[int64]Reached{}
	add := func(s Step, change func(r *Reached)) {
		if !current.has(s) {
			change(&f.Gone)
			return
		}
		r := f.Steps[s.ID]
		change(&r)
		f.Steps[s.ID] = r
	}
	earlier := map[int64]int64{}
	for _, g := range groups {
		f.Started += g.N
		steps := versions[g.Revision].Steps
		at := min(g.Step, len(steps))
		passed := steps[:at]
		if g.State == models.RunDone {
			f.Done += g.N
			passed = steps
		}
		if g.State.Open() && g.Revision != revision {
			earlier[g.Revision] += g.N
		}
		if slices.ContainsFunc(passed, func(s Step) bool { return !current.has(s) }) {
			f.Gone.Came += g.N
		}
		for _, s := range passed {
			if current.has(s) {
				add(s, func(r *Reached) { r.Came += g.N })
			}
		}
		if at == 0 {
			f.Start.rest(g)
		} else {
			add(steps[at-1], func(r *Reached) { r.rest(g) })
		}
	}
	f.Start.Came = f.Started
	for revision, n := range earlier {
		f.Earlier = append(f.Earlier, VersionRuns{revision, n})
	}
	slices.SortFunc(f.Earlier, func(a, b VersionRuns) int { return int(b.Revision - a.Revision) })
	return f
}

// rest adds runs that are at the step, or ended there. Runs that are done are at no step.
func (r *Reached) rest(g flowGroup) {
	switch {
	case g.State.Open():
		r.Here += g.N
	case g.State == models.RunStopped:
		r.Ended += g.N
	case g.State == models.RunFailed:
		r.Failed += g.N
	default:
		return
	}
	if !slices.Contains(r.Places, g.Place) {
		r.Places = append(r.Places, g.Place)
	}
}

// has reports whether the definition has a step of another version still.
func (d Definition) has(s Step) bool { return d.place(s) > 0 }

// place returns the number of a step of another version in this definition, 0 if it has it no more.
func (d Definition) place(s Step) int {
	return 1 + slices.IndexFunc(d.Steps, func(own Step) bool { return own.ID == s.ID && own.Type == s.Type })
}

// flowFor is the period of the figures. Runs that go on count even if they began earlier.
const flowFor = 30 * 24 * time.Hour

// flowSQL groups the newest runs of the period, and the newest older ones that go on. The inner queries follow an index and read at most
// @most runs each.
var flowSQL = func() string {
	newest := func(older, condition string) string {
		return "SELECT * FROM (SELECT revision, step, state, " + older + " AS older FROM automation_runs WHERE workspace_id = @ws AND automation_id = @id AND " + condition + " ORDER BY id DESC LIMIT @most) AS newest"
	}
	return "SELECT revision, step, state, older, count(*) AS n FROM (" + newest("false", "id >= @since") + " UNION ALL " + newest("true", "state = 'waiting' AND id < @since") +
		" UNION ALL " + newest("true", "state = 'due' AND id < @since") + ") AS runs GROUP BY revision, step, state, older"
}()

// Flow returns where the runs of an automation are: those that began in 30 days, and older ones that go on.
func (s Store) Flow(ctx context.Context, a models.Automation) (f Flow, err error) {
	db := s.DB.Read(ctx)
	var groups []flowGroup
	err = db.Raw(flowSQL, map[string]any{"ws": a.WorkspaceID, "id": a.ID, "since": models.IDAt(s.Now().Add(-flowFor)), "most": MostRuns}).Scan(&groups).Error
	if err != nil {
		return f, models.In("runs", err)
	}
	var young int64
	revisions := []int64{a.Revision}
	for _, g := range groups {
		if !g.Older {
			young += g.N
		}
		if !slices.Contains(revisions, g.Revision) {
			revisions = append(revisions, g.Revision)
		}
	}
	full := young >= MostRuns
	if full { // the older ones would leave a gap
		groups = slices.DeleteFunc(groups, func(g flowGroup) bool { return g.Older })
	}
	var rows []models.AutomationVersion
	if err := db.Where("workspace_id = ? AND automation_id = ? AND revision IN ?", a.WorkspaceID, a.ID, revisions).Find(&rows).Error; err != nil {
		return f, models.In("versions", err)
	}
	versions := map[int64]Definition{}
	for _, v := range rows {
		versions[v.Revision] = stored(v.Definition)
	}
	f = flowOf(groups, versions, a.Revision)
	f.Full = full
	return f, nil
}
