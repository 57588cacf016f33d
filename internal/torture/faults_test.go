package torture

import (
	"context"
	"errors"
	"testing"
	"time"

	"campaignlark/internal/dbtest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// parallel lets short tests run side by side: with a failing database they wait more than they work. Long ones compare times.
func parallel(t *testing.T) {
	if !long() {
		t.Parallel()
	}
}

func TestPostgresRestarts(t *testing.T) {
	parallel(t)
	withFault(t, postgres(t), func(t *testing.T, server *dbtest.Server, s *senders) { must(t, server.Restart()) })
}

func TestPostgresIsKilled(t *testing.T) {
	parallel(t)
	withFault(t, postgres(t), func(t *testing.T, server *dbtest.Server, s *senders) {
		must(t, server.Kill())
		must(t, server.Start())
	})
}

// TestPostgresIsPaused stops the processes of the server, as a machine does that hangs or moves to another host.
func TestPostgresIsPaused(t *testing.T) {
	parallel(t)
	withFault(t, postgres(t), func(t *testing.T, server *dbtest.Server, s *senders) {
		must(t, server.Freeze())
		<-time.After(lasting(20*time.Second, 3*time.Second))
		must(t, server.Thaw())
	})
}

// TestConnectionsAreTerminated ends all connections of the program, several times.
func TestConnectionsAreTerminated(t *testing.T) {
	parallel(t)
	withFault(t, postgres(t), func(t *testing.T, server *dbtest.Server, s *senders) {
		for range 5 {
			must(t, server.Exec(terminateSQL))
			stored := s.good.Load()
			until(t, "calls are stored between the terminations", backWithin, func() bool { return s.good.Load() >= stored+200 })
		}
	})
}

const terminateSQL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'campaignlark'"

// TestOthersTakeAllConnections lets other clients take all connections of the server, those of the program too.
func TestOthersTakeAllConnections(t *testing.T) {
	parallel(t)
	server := postgres(t, "max_connections=40")
	withFault(t, server, func(t *testing.T, server *dbtest.Server, s *senders) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		var others []*pgx.Conn
		for deadline := time.Now().Add(patience); len(others) < 39; { // dbtest.Server keeps one
			conn, err := pgx.Connect(ctx, server.URL("postgres"))
			var refused *pgconn.PgError
			switch {
			case err == nil:
				others = append(others, conn)
			case errors.As(err, &refused) && refused.Code == "53300" && time.Now().Before(deadline):
				must(t, server.Exec(terminateSQL))
			default:
				t.Fatalf("with %d connections: %v", len(others), err)
			}
		}
		turnedAway := s.busy.Load()
		until(t, "calls are turned away", patience, func() bool { return s.busy.Load() >= turnedAway+100 })
		<-time.After(lasting(5*time.Second, 0))
		for _, conn := range others {
			conn.Close(ctx)
		}
	})
}
