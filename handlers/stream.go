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

// stepTime is how long one step of a stream may take to be read from the database, and its reader to take it.
const stepTime = 30 * time.Second

// step runs one step of a stream under its own deadline, and gives the connection as long to take what comes of it.
type step func(do func(ctx context.Context) error) error

// exportsAll is how many downloads of contacts run at a time in this process. Each person has one.
const exportsAll = 50

var (
	errExportRunning = &models.Error{Code: models.CodeBusy, Message: "Another download of contacts is running. Let it end, or stop it in your browser, and try again."}
	errExportEnded   = &models.Error{Code: models.CodeForbidden, Message: "The person may not export contacts any more."}
)

// stream answers with a file of contacts that is written step by step as it is sent, in bounded memory. Before each step it
// asks whether the person is still signed in and still a manager. When something fails on the way the connection is cut, so
// that nobody takes the part for the whole. What started before it, such as the note in the audit log, is done by begin, which
// is not called while another download of the person is running.
func (v *visit) stream(name, contentType string, begin func() error, write func(w *bufio.Writer, step step) error) error {
	if !v.server.exports.enter(v.User.ID) {
		return errExportRunning
	}
	begun := false
	defer func() {
		if !begun { // a panic is a reason too
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
			role, err := server.DB.RoleNow(ctx, session, user, workspace, server.now())
			if err == nil && !role.Includes(models.RoleManager) {
				err = errExportEnded
			}
			if err != nil {
				return models.In("download: role", err)
			}
			if err := do(ctx); err != nil {
				return err
			}
			return w.Flush()
		})
	})
	return nil
}
