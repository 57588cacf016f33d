package automations

import (
	"cmp"
	"slices"

	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
)

// read locks the contacts and the runs, and reads all that the runs need. It returns the runs that are still due, those of one contact in the order of
// its versions.
func (x *execution) read(due []dueRun) (runs []models.AutomationRun, err error) {
	workspace := due[0].WorkspaceID
	var contacts []int64
	ids := make([]uuid.UUID, len(due))
	for i, d := range due {
		ids[i] = d.ID
		if d.ContactID != 0 && !slices.Contains(contacts, d.ContactID) {
			contacts = append(contacts, d.ContactID)
		}
	}
	if err := store.LockContacts(x.tx, workspace, contacts); err != nil {
		return nil, models.In("lock the contacts", err)
	}
	// A person who stops one of these runs waits for the lock. Without it the run would go on: what is written at the end has the state that was read here.
	if err := store.ForChange(x.tx).Where("workspace_id = ? AND id IN ? AND ended_at IS NULL AND due_at <= ?", workspace, ids, x.now).Order("id").Find(&runs).Error; err != nil || len(runs) == 0 {
		return nil, models.In("read the runs", err)
	}
	slices.SortFunc(runs, func(a, b models.AutomationRun) int {
		return cmp.Or(cmp.Compare(a.ContactID, b.ContactID), cmp.Compare(a.ContactVersion, b.ContactVersion), models.CompareIDs(a.ID, b.ID))
	})
	if x.workspace, err = store.First[models.Workspace](x.tx.Where("id = ?", workspace)); err != nil {
		return nil, models.In("read the workspace", err)
	}
	if x.things, err = x.known.things(x.tx, x.workspace, x.mail); err != nil {
		return nil, err
	}
	if err := x.readPeople(contacts); err != nil {
		return nil, models.In("read the contacts", err)
	}
	return runs, x.readCauses(runs)
}

// readPeople reads the contacts with their tags.
func (x *execution) readPeople(ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	var contacts []models.Contact
	if err := x.tx.Where("workspace_id = ? AND id IN ?", x.workspace.ID, ids).Find(&contacts).Error; err != nil {
		return err
	}
	for _, c := range contacts {
		x.people[c.ID] = &person{Contact: c}
	}
	var held []models.ContactTag
	if err := x.tx.Where("workspace_id = ? AND contact_id IN ?", x.workspace.ID, ids).Order("tag_id").Find(&held).Error; err != nil {
		return err
	}
	for _, h := range held {
		i := slices.IndexFunc(x.things.Tags, func(t models.Tag) bool { return t.ID == h.TagID })
		if p := x.people[h.ContactID]; p != nil && i >= 0 {
			p.tags = append(p.tags, x.things.Tags[i])
		}
	}
	return nil
}

// readCauses reads the events, and the definitions that the runs follow.
func (x *execution) readCauses(runs []models.AutomationRun) error {
	var ids []uuid.UUID
	var automations []int64
	for _, r := range runs {
		ids, automations = append(ids, r.EventID), append(automations, r.AutomationID)
	}
	var events []models.AutomationEvent
	if err := x.tx.Where("workspace_id = ? AND id IN ?", x.workspace.ID, ids).Find(&events).Error; err != nil {
		return models.In("read the events", err)
	}
	x.events = map[uuid.UUID]models.AutomationEvent{}
	for _, e := range events {
		x.events[e.ID] = e
	}
	var rows []models.Automation
	if err := x.tx.Select("id, name").Where("workspace_id = ? AND id IN ? AND deleted_at IS NULL", x.workspace.ID, automations).Find(&rows).Error; err != nil {
		return models.In("read the automations", err)
	}
	x.names = map[int64]string{}
	for _, a := range rows {
		x.names[a.ID] = a.Name
	}
	for _, r := range runs {
		key := revisionKey{r.AutomationID, r.Revision}
		if _, known := x.definitions[key]; known {
			continue
		}
		v, err := store.First[models.AutomationVersion](x.tx.Where("workspace_id = ? AND automation_id = ? AND revision = ?", x.workspace.ID, r.AutomationID, r.Revision))
		if err != nil {
			return models.In("read a definition", err)
		}
		x.definitions[key] = stored(v.Definition)
	}
	return nil
}
