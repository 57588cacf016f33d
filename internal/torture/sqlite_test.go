package torture

import (
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/internal/e2e"
)

// TestAnotherProcessLocksSQLite holds SQLite's write lock from outside the program while 64 senders send.
func TestAnotherProcessLocksSQLite(t *testing.T) {
	parallel(t)
	url := dbtest.SQLiteURL(t)
	a := e2e.NewAudience(t, url, tagsOfCalls)
	p := start(t, url, nil)
	before := p.idle()
	s := send(t, load{urls: []string{p.hook(a)}, n: faultSenders, pause: faultPause, who: newPeople("fault")})
	until(t, "calls are stored before the fault", patience, func() bool { return s.good.Load() >= 1000 })
	tx, err := a.DB().Pool().BeginTx(t.Context(), nil) // takes the write lock: the test's own connection is another process's to the program
	must(t, err)
	<-time.After(lasting(30*time.Second, 4*time.Second))
	must(t, tx.Rollback())
	checkBack(t, s, time.Now())
	checkGoroutines(t, p, before)
	checkRows(t, a, s.end(), true)
	p.Stop()
}
