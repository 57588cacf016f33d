package intake

import (
	"context"

	"campaignlark/models"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// pipeline sends statements to Postgres without waiting for their results. Postgres starts with the first ones while the others are
// still being built, and skips those after a failed one. Their parameters are in Postgres's binary format.
type pipeline struct {
	*pgconn.Pipeline
	prepared map[string]*pgconn.StatementDescription // by their SQL; nil if statements must not outlive a transaction
	sent     int                                     // statements
}

// binaryFormat is the format of all parameters.
var binaryFormat = []int16{pgx.BinaryFormatCode}

// startPipeline prepares the texts that are not prepared yet. Nothing else may use the connection until the pipeline's end.
func startPipeline(ctx context.Context, conn *pgx.Conn, texts []string) (*pipeline, error) {
	p := &pipeline{}
	if conn.Config().DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
		p.prepared = make(map[string]*pgconn.StatementDescription, len(texts))
		for _, text := range texts {
			statement, err := conn.Prepare(ctx, text, text)
			if err != nil {
				return nil, models.In("intake: prepare a statement", err)
			}
			p.prepared[text] = statement
		}
	}
	p.Pipeline = conn.PgConn().StartPipeline(ctx)
	return p, nil
}

// send adds a statement.
func (p *pipeline) send(text string, parameters ...[]byte) {
	p.sent++
	if p.prepared != nil {
		p.SendQueryStatement(p.prepared[text], parameters, binaryFormat, nil)
	} else {
		p.SendQueryParams(text, parameters, nil, binaryFormat, nil)
	}
}

// end waits for all statements. failed is the position of the one that err belongs to, from 0.
func (p *pipeline) end() (failed int, err error) {
	err = p.Sync()
	for failed = 0; err == nil && failed < p.sent; failed++ {
		var results any
		if results, err = p.GetResults(); err == nil {
			if rows, ok := results.(*pgconn.ResultReader); ok {
				_, err = rows.Close()
			}
		}
		if err != nil {
			break
		}
	}
	if closed := p.Close(); err == nil {
		err = closed
	}
	return failed, err
}
