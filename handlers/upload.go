package handlers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"mime"
	"mime/multipart"
	"strings"
	"sync"
	"time"

	"campaignlark/jobs"
	"campaignlark/models"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// A file to be imported is the one thing larger than bodyLimit. Its request is let in on its headers alone: at this one
// address, with a session that is alive, a few at once. So nobody without an account can make the program hold one.

const (
	uploadLimit  = jobs.MaxImport + 64<<10 // with the fields around the file
	uploadTime   = 5 * time.Minute         // for the whole of it
	uploadsOnce  = 2
	maxFormParts = 100
	maxFormField = 64 << 10
)

var (
	errFileTooLarge = &models.Error{Code: models.CodeInvalid, Err: fiber.ErrRequestEntityTooLarge,
		Message: "Nothing was saved. A file to be imported may have at most 64 MB: split it into several, and import one after the other."}
	errUploadsBusy = &models.Error{Code: models.CodeBusy, Message: "Other large files are being uploaded just now, so yours was not taken. Nothing was saved. Go back and try again in a minute."}
)

// uploads counts the large requests that are being read or worked on. One whose connection was lost while it was read
// never arrives; its place is free again when its time is over.
type uploads struct {
	mu    sync.Mutex
	until []time.Time
}

func (u *uploads) enter(now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	var still []time.Time
	for _, t := range u.until {
		if t.After(now) {
			still = append(still, t)
		}
	}
	if u.until = still; len(still) >= uploadsOnce {
		return false
	}
	u.until = append(u.until, now.Add(uploadTime+requestTimeout))
	return true
}

func (u *uploads) leave() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.until) > 0 {
		u.until = u.until[1:]
	}
}

// beforeBody says how large the body of a request may be, once its headers are read.
func (s *Server) beforeBody(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	n := h.ContentLength()
	if n <= bodyLimit || n > uploadLimit || !isUpload(string(h.Method()), string(h.RequestURI())) || !s.knowsSession(h) || !s.uploads.enter(s.now()) {
		return fasthttp.RequestConfig{}
	}
	return fasthttp.RequestConfig{MaxRequestBodySize: uploadLimit, ReadTimeout: uploadTime, WriteTimeout: readTimeout}
}

// isUpload says whether a request sends a file to be imported.
func isUpload(method, path string) bool {
	rest, below := strings.CutPrefix(path, "/w/")
	slug, there := strings.CutSuffix(rest, "/contacts/import")
	return method == fiber.MethodPost && below && there && slug != "" && !strings.ContainsAny(slug, "/?")
}

// knowsSession says whether a request carries the cookie of a session that is alive.
func (s *Server) knowsSession(h *fasthttp.RequestHeader) bool {
	cookie := string(h.Cookie(s.sessions.cookieName()))
	if cookie == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	row, err := s.DB.SessionByHash(ctx, models.TokenHash(cookie), s.now())
	return err == nil && row.UserID != nil
}

// uploaded lets the place and the memory of a large request go once it is answered.
func (s *Server) uploaded(ctx *fasthttp.RequestCtx) {
	if len(ctx.Request.Body()) > bodyLimit {
		s.uploads.leave()
		ctx.Request.ReleaseBody(bodyLimit)
	}
}

// whyTooLarge is why a body to this address was not read.
func (s *Server) whyTooLarge(c *fiber.Ctx, err error) error {
	h := &c.Request().Header
	if !isUpload(c.Method(), c.Path()) {
		return err
	}
	s.swallow(c)
	if !s.knowsSession(h) {
		return errSignIn
	}
	if n := h.ContentLength(); n > bodyLimit && n <= uploadLimit {
		return errUploadsBusy
	}
	return errFileTooLarge
}

// swallow reads what a browser still sends, for a while: one that is cut off in the middle shows its own page and not
// the answer. What is read is held nowhere.
func (s *Server) swallow(c *fiber.Ctx) {
	conn, end := c.Context().Conn(), time.Now().Add(readTimeout)
	for buf, left := make([]byte, 64<<10), c.Request().Header.ContentLength(); left > 0 && time.Now().Before(end); {
		if conn.SetReadDeadline(time.Now().Add(500*time.Millisecond)) != nil {
			return
		}
		n, err := conn.Read(buf)
		if left -= n; err != nil {
			return
		}
	}
}

// upload is a file of a posted form: its name and what is in it, to be read once.
type upload struct {
	name string
	io.Reader
}

// readMultipart reads the fields of a multipart form that come before its file, and opens the file. What follows the file
// is not read. The file counts as a field that holds its name and its hash: the same file sent once more is the same form,
// whatever the browser puts between the parts, and another one is another form (double_submit.go).
func (v *visit) readMultipart() {
	kind, params, err := mime.ParseMediaType(v.Get(fiber.HeaderContentType))
	if err != nil || kind != fiber.MIMEMultipartForm {
		return
	}
	body := v.Ctx.Request().Body()
	parts := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for range maxFormParts {
		part, err := parts.NextRawPart()
		if err != nil {
			return
		}
		name := cleanText(part.FormName())
		if part.FileName() != "" {
			file := cleanText(part.FileName())
			sum := sha256.New()
			io.Copy(sum, part) // what is broken behind this is seen when the file is read
			v.form.Set(name, file+" "+hex.EncodeToString(sum.Sum(nil)))
			v.file = &upload{file, filePart(body, params["boundary"])}
			return
		}
		text, err := io.ReadAll(io.LimitReader(part, maxFormField+1))
		if err != nil || len(text) > maxFormField {
			return
		}
		v.form.Add(name, cleanText(string(text)))
	}
}

// filePart is the content of the first file in a multipart body.
func filePart(body []byte, boundary string) io.Reader {
	for parts := multipart.NewReader(bytes.NewReader(body), boundary); ; {
		part, err := parts.NextRawPart()
		if err != nil {
			return strings.NewReader("")
		}
		if part.FileName() != "" {
			return part
		}
	}
}
