package torture

import (
	"testing"

	"campaignlark/internal/dbtest"
)

// postgres starts a Postgres server for one test, with its default durability. It has the empty database campaignlark.
func postgres(t *testing.T, settings ...string) *dbtest.Server {
	t.Helper()
	server, err := dbtest.StartPostgres(append([]string{"max_connections=200"}, settings...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	return server
}
