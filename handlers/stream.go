package handlers

import (
	"bufio"
	"context"
	"mime"
	"time"

	"campaignlark/faults"
	"campaignlark/models/store"
)

// stepTime is how long one step of a stream may take to be read from the database, and its reader to take it.
const stepTime = 30 * time.Second

// step runs one step of a stream under a deadline of its own, and gives the connection as long to take what comes of it.
type step func(do func(ctx context.Context) error) error

// stream answers with a file that is written step by step as it is sent, in bounded memory. When something fails on the
// way the connection is cut, so that nobody takes the part for the whole.
func (v *visit) stream(name, contentType string, write func(w *bufio.Writer, step step) error) error {
	v.Set("Content-Type", contentType)
	v.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	conn, log, route := v.Context().Conn(), v.server.Log, v.Route().Path
	v.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		var err error
		defer func() {
			if fault := faults.Recovered(recover()); fault != nil { // it would end the program
				err = fault
			}
			if err == nil {
				return
			}
			log.Warn("a download was cut off", "route", route, store.ErrorAttr(err))
			conn.Close()
		}()
		err = write(w, func(do func(ctx context.Context) error) error {
			ctx, cancel := context.WithTimeout(context.Background(), stepTime)
			defer cancel()
			if err := conn.SetWriteDeadline(time.Now().Add(2 * stepTime)); err != nil {
				return err
			}
			if err := do(ctx); err != nil {
				return err
			}
			return w.Flush()
		})
	})
	return nil
}
