package automations

import (
	"reflect"
	"testing"

	"campaignlark/models"
)

// TestFlowCountsEachStepByItself removes, moves and adds steps between versions.
func TestFlowCountsEachStepByItself(t *testing.T) {
	t.Parallel()
	step := func(id int64, kind StepType) Step { return Step{ID: id, Type: kind} }
	versions := map[int64]Definition{
		1: {Steps: []Step{step(1, StepWait), step(2, StepAddTag), step(3, StepCall)}},
		2: {Steps: []Step{step(3, StepCall), step(1, StepWait), step(4, StepOnlyIf)}}, // 2 is removed, 3 moved, 4 new
	}
	group := func(revision int64, state models.RunState, at int, n int64) flowGroup {
		return flowGroup{Place: Place{revision, at}, State: state, N: n}
	}
	f := flowOf([]flowGroup{
		group(1, models.RunStopped, 0, 100), // not for them
		group(1, models.RunWaiting, 1, 10),
		group(1, models.RunFailed, 2, 20), // at the step that is removed
		group(1, models.RunStopped, 3, 3),
		group(1, models.RunDone, 4, 1000),
		group(2, models.RunWaiting, 2, 7),
		group(2, models.RunStopped, 3, 5),
		group(2, models.RunDone, 4, 50),
	}, versions, 2)
	want := Flow{Started: 1195, Done: 1050, Earlier: []VersionRuns{{1, 10}},
		Start: Reached{Came: 1195, Ended: 100, Places: []Place{{1, 0}}},
		Gone:  Reached{Came: 1023, Failed: 20, Places: []Place{{1, 2}}},
		Steps: map[int64]Reached{
			3: {Came: 1065, Ended: 3, Places: []Place{{1, 3}}},
			1: {Came: 1095, Here: 17, Places: []Place{{1, 1}, {2, 2}}},
			4: {Came: 55, Ended: 5, Places: []Place{{2, 3}}},
		}}
	if !reflect.DeepEqual(f, want) {
		t.Errorf("got %+v\nwant %+v", f, want)
	}
	sum := f.Done
	for _, r := range []Reached{f.Start, f.Gone, f.Steps[1], f.Steps[3], f.Steps[4]} {
		sum += r.Here + r.Ended + r.Failed
	}
	if sum != f.Started {
		t.Errorf("got %d runs in all, want the %d that started", sum, f.Started)
	}
}

// TestStepsKeepTheirIDs gives an id never to another step.
func TestStepsKeepTheirIDs(t *testing.T) {
	t.Parallel()
	before := Definition{Steps: []Step{{ID: 1, Type: StepWait}, {ID: 2, Type: StepAddTag}}}
	after := Definition{Steps: []Step{
		{ID: 2, Type: StepAddTag},                // moved
		{ID: 1, Type: StepCall},                  // does something else now
		{Type: StepWait},                         // new
		{ID: 2, Type: StepAddTag},                // twice
		{ID: 3, Type: StepCall},                  // of an earlier version, brought back
		{ID: 1 << 62, Type: StepCall}, {ID: -12}, // never given
	}}.numbered(before, 5)
	var got []int64
	for _, s := range after.Steps {
		got = append(got, s.ID)
	}
	if want := []int64{2, 6, 7, 8, 3, 9, 10}; !reflect.DeepEqual(got, want) {
		t.Errorf("got the ids %v, want %v", got, want)
	}
}
