package handlers

import (
	"bufio"
	"context"
	"mime"
	"time"

	"campaignlark/faults"
	"campaignlark/models"
	"campaignlark/models/store"
)

// stepTime limits one step of a stream: reading it from the database, and then sending it.
const stepTime = 30 * time.Second

// step runs one step of a stream with its own deadline, and sets the same limit for sending the result.
type step func(do func(ctx context.Context) error) error

// slowStep is what a step of a stream takes of the machine at most. Those that last longer wait for a slow reader.
const slowStep = 100 * time.Millisecond

// exportsAll limits the downloads of contacts running in this process. Each person can run one.
const exportsAll = 50

var (
	errExportRunning = &models.Error{Code: models.CodeBusy, Message: "Another download of contacts is running. Let it end, or stop it in your browser, and try again."}
	errExportEnded   = &models.Error{Code: models.CodeForbidden, Message: "The person may not export contacts any more."}
)

// stream sends a file of contacts step by step, in bounded memory. Before each step it checks that the person is still signed in
// and a manager. If a step fails, it cuts the connection, so that nobody mistakes a part for the whole file. begin runs first,
// for example to add the audit entry; it does not run if the person has another download.
func (v *visit) stream(name, contentType string, begin func() error, write func(w *bufio.Writer, step step) error) error {
	if !v.server.exports.enter(v.User.ID) {
		return errExportRunning
	}
	begun := false
	defer func() {
		if !begun { // also after a panic
			v.server.exports.leave(v.User.ID)
		}
	}()
	if err := begin(); err != nil {
		return err
	}
	begun = true
	server, user, workspace, session := v.server, v.User.ID, v.Workspace.ID, models.TokenHash(v.session.ID)
	v.Set("Content-Type", contentType)
	v.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	conn, log, route := v.Context().Conn(), v.server.Log, v.Route().Path
	v.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		defer server.exports.leave(user)
		var err error
		defer func() {
			if fault := faults.Recovered(recover()); fault != nil { // nothing else recovers it
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
			role, err := server.DB.RoleNow(ctx, session, user, workspace, server.now())
			if err == nil && !role.Includes(models.RoleManager) {
				err = errExportEnded
			}
			if err != nil {
				return models.In("download: role", err)
			}
			began := time.Now()
			if err := do(ctx); err != nil {
				return err
			}
			time.Sleep(server.DB.Rest(min(time.Since(began), slowStep)))
			return w.Flush()
		})
	})
	return nil
}
