package intake

import (
	"context"
	"time"

	"campaignlark/models"

	"github.com/jackc/pgx/v5"
)

// session is the connections of one worker: one for its batches, one for contact ids, whose transactions are their own. Pages and
// background work have none of them, so they cannot keep a call from its connection.
type session struct {
	config     *pgx.ConnConfig
	batch, ids *pgx.Conn // nil until they are needed
}

// planSQL plans each statement once, for its indexes. Otherwise Postgres plans every statement of every batch again, which costs more
// than running it, or keeps a plan that it made while the tables were small.
const planSQL = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off"

// connect returns *conn, and connects it first if it is missing or lost.
func (s *session) connect(ctx context.Context, conn **pgx.Conn) (*pgx.Conn, error) {
	if *conn == nil || (*conn).IsClosed() {
		fresh, err := pgx.ConnectConfig(ctx, s.config)
		if err != nil {
			return nil, models.In("intake: connect", err)
		}
		*conn = fresh
		if s.config.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
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
