package e2e

// start starts the program on the database.
func (a *Audience) start() *Program {
	a.t.Helper()
	return Start(a.t, Settings{Env: map[string]string{"DATABASE_URL": a.url, "INTAKE_WAIT": "15s"}})
}

// rows reads the workspace's rows of a table.
func rows[T any](a *Audience) []T {
	a.t.Helper()
	var all []T
	if err := a.db.Read(a.t.Context()).Where("workspace_id = ?", a.ws.ID).Find(&all).Error; err != nil {
		a.t.Fatal(err)
	}
	return all
}

// groupBy groups the items by their keys.
func groupBy[K comparable, T any](all []T, key func(T) K) map[K][]T {
	groups := map[K][]T{}
	for _, one := range all {
		groups[key(one)] = append(groups[key(one)], one)
	}
	return groups
}
