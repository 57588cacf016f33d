package intake

import (
	"context"
	"math/bits"
	"slices"
	"sync"
	"time"

	"campaignlark/models"

	"github.com/jackc/pgx/v5"
)

// session is the two connections of one worker. batch runs its batches. ids reserves contact ids in separate transactions. Pages and
// background work do not use them, so calls never wait for a connection of theirs.
type session struct {
	config     *pgx.ConnConfig
	batch, ids *pgx.Conn // nil until they are needed

	plansOnce bool      // planSQL is in force
	batches   uint      // so far
	planned   time.Time // when the plans were last renewed
}

// planSQL plans each statement once, for its indexes. Otherwise Postgres plans every statement of a small batch again, which costs
// more than running it.
const planSQL = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off"

// replans reports whether Postgres should plan the statements of a batch at now again. A plan that it made while a table was nearly
// empty can use an index by which it reads all contacts of a workspace. So plans are renewed as the tables grow: after 1, 2, 4, 8 …
// batches, and after a minute.
func (s *session) replans(now time.Time) bool {
	if s.batches++; !s.plansOnce || bits.OnesCount(s.batches) > 1 && now.Sub(s.planned) < time.Minute {
		return false
	}
	s.planned = now
	return true
}

// connect returns *conn, and connects it first if it is missing or lost.
func (s *session) connect(ctx context.Context, conn **pgx.Conn) (*pgx.Conn, error) {
	if *conn == nil || (*conn).IsClosed() {
		fresh, err := pgx.ConnectConfig(ctx, s.config)
		if err != nil {
			return nil, models.In("intake: connect", err)
		}
		*conn = fresh
		if s.plansOnce = s.config.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement; s.plansOnce {
			if _, err := fresh.Exec(ctx, planSQL); err != nil {
				return nil, models.In("intake: settings of a connection", err)
			}
		}
	}
	return *conn, nil
}

func (s *session) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, conn := range []*pgx.Conn{s.batch, s.ids} {
		if conn != nil {
			conn.Close(ctx)
		}
	}
}

// sessions are those of all workers. The one that was given back last is taken next: usually one batch runs at a time, and its
// connection has all statements prepared.
type sessions struct {
	all  []*session
	left chan struct{} // holds as many as are free
	mu   sync.Mutex
	free []*session
}

func newSessions(config *pgx.ConnConfig, n int) *sessions {
	s := &sessions{left: make(chan struct{}, n)}
	for range n {
		s.all = append(s.all, &session{config: config})
		s.left <- struct{}{}
	}
	s.free = slices.Clone(s.all)
	return s
}

// take waits for a session, to be given back by give. The error is that of ctx.
func (s *sessions) take(ctx context.Context) (*session, error) {
	select {
	case <-s.left:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.free[len(s.free)-1]
	s.free = s.free[:len(s.free)-1]
	return last, nil
}

func (s *sessions) give(back *session) {
	s.mu.Lock()
	s.free = append(s.free, back)
	s.mu.Unlock()
	s.left <- struct{}{}
}

// close closes all connections. No session is in use.
func (s *sessions) close() {
	for _, one := range s.all {
		one.close()
	}
}

// rollBack ends a transaction that was not committed. It closes a connection that cannot be used again.
func rollBack(c *pgx.Conn) {
	if c.IsClosed() || c.PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if _, err := c.Exec(ctx, "ROLLBACK"); err != nil {
		c.Close(ctx)
	}
}
