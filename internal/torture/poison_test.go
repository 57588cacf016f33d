package torture

import (
	"fmt"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/internal/e2e"

	"github.com/valyala/fasthttp"
	"gorm.io/gorm"
)

const (
	poisonSenders = 256 // as many as a batch takes
	poisonEvery   = 256 // of so many calls the database refuses one
)

// TestPoisonCall lets the database refuse one call in 256, while 256 senders fill the batches. Only the refused calls fail.
func TestPoisonCall(t *testing.T) {
	parallel(t)
	t.Run("sqlite", func(t *testing.T) {
		poison(t, dbtest.SQLiteURL(t), `CREATE TRIGGER blocked BEFORE INSERT ON contacts WHEN new.email LIKE 'blocked%' BEGIN SELECT RAISE(ABORT, 'blocked'); END`)
	})
	t.Run("postgres", func(t *testing.T) {
		poison(t, postgres(t).URL("campaignlark"), `ALTER TABLE contacts ADD CONSTRAINT blocked CHECK (email NOT LIKE 'blocked%')`)
	})
}

// poison runs the test on a database. blocks is the SQL that makes it refuse addresses that begin with "blocked".
func poison(t *testing.T, url, blocks string) {
	a := e2e.NewAudience(t, url, tagsOfCalls)
	must(t, a.DB().Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec(blocks).Error }))
	p := start(t, url, map[string]string{"INTAKE_WAIT": "15s"})
	s := send(t, load{urls: []string{p.hook(a)}, n: poisonSenders, who: func(sender, turn int) string {
		name := "free"
		if (sender+turn)%poisonEvery == 0 {
			name = "blocked"
		}
		return fmt.Sprintf("%s-%d-%d@example.com", name, sender, turn)
	}})
	<-time.After(lasting(30*time.Second, 2*time.Second))
	calls := s.end()
	blocked := 0
	for _, c := range calls {
		is := len(c.address) > 7 && c.address[:7] == "blocked"
		if is {
			blocked++
		}
		if want := map[bool]int{false: fasthttp.StatusOK, true: fasthttp.StatusServiceUnavailable}[is]; c.status != want {
			report(t, "%s: got %d %s, want %d", c.address, c.status, c.message, want)
		}
	}
	t.Logf("%d calls, %d of them refused, %.0f calls in a batch", len(calls), blocked, p.metric("campaignlark_intake_batch_calls_sum")/p.metric("campaignlark_intake_batch_calls_count"))
	if refused := checkRows(t, a, calls, false); refused != blocked || blocked == 0 {
		t.Errorf("got %d rows of refused calls, want %d, and more than none", refused, blocked)
	}
	p.Stop()
}
