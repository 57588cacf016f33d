package automations

import (
	"cmp"
	"context"
	"slices"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
)

// Listed is an automation in the list, with its runs.
type Listed struct {
	models.Automation
	Definition Definition
	Started    int64 // runs in 24 hours
	Open       int64 // runs that go on
	Failed     int64 // runs that failed in 7 days
}

// failedFor is how long the list shows that runs failed.
const failedFor = 7 * 24 * time.Hour

// Definitions returns the workspace's automations by name, without the counts of their runs.
func (s Store) Definitions(ctx context.Context, workspace int64) ([]Listed, error) {
	var rows []models.Automation
	if err := s.DB.Read(ctx).Where("workspace_id = ? AND deleted_at IS NULL", workspace).Find(&rows).Error; err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b models.Automation) int {
		return cmp.Or(models.CompareNames(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	all := make([]Listed, len(rows))
	for i, a := range rows {
		all[i] = Listed{Automation: a, Definition: stored(a.Definition)}
	}
	return all, nil
}

// Count adds the counts of the runs to automations of one workspace.
func (s Store) Count(ctx context.Context, all []Listed) error {
	if len(all) == 0 {
		return nil
	}
	ids := make([]int64, len(all))
	for i, a := range all {
		ids[i] = a.ID
	}
	n, err := s.count(ctx, all[0].WorkspaceID, ids...)
	for i, a := range all {
		all[i].Started, all[i].Open, all[i].Failed = n[a.ID].Started, n[a.ID].Open, n[a.ID].Failed
	}
	return models.In("count runs", err)
}

// Get returns an automation with its definition, or ErrNotFound.
func (s Store) Get(ctx context.Context, workspace, id int64) (Listed, error) {
	a, err := store.First[models.Automation](s.DB.Read(ctx).Where("workspace_id = ? AND id = ? AND deleted_at IS NULL", workspace, id))
	if err != nil {
		return Listed{}, err
	}
	n, err := s.count(ctx, workspace, id)
	return Listed{a, stored(a.Definition), n[id].Started, n[id].Open, n[id].Failed}, models.In("count runs", err)
}
