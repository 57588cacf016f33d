package handlers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"mime"
	"mime/multipart"
	"slices"
	"strings"
	"sync"
	"time"

	"campaignlark/jobs"
	"campaignlark/models"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// Only an import file may be larger than bodyLimit. The headers decide whether its body is read: only at this URL, from a manager
// of the workspace, one at a time per person and a few in all. So nobody else can fill the program's memory.

const (
	uploadLimit  = jobs.MaxImport + 64<<10 // with the fields around the file
	uploadPace   = 256 << 10               // lowest speed, in bytes per second
	uploadStart  = 30 * time.Second        // how far it may fall behind that pace
	uploadsAll   = 4                       // at a time in this process, one for each person
	maxFormParts = 100
	maxFormField = 64 << 10
)

var (
	errFileTooLarge = &models.Error{Code: models.CodeInvalid, Err: fiber.ErrRequestEntityTooLarge,
		Message: "Nothing was saved. A file to be imported may have at most 64 MB: split it into several, and import one after the other."}
	errUploadsBusy = &models.Error{Code: models.CodeBusy, Message: "Other large files are being uploaded just now, so yours was not taken. Nothing was saved. Go back and try again in a minute."}
)

// uploads are the running large requests, by the person who sends them.
type uploads struct {
	start time.Duration // uploadStart
	mu    sync.Mutex
	all   []int64
}

// enter reserves a person's slot. It returns false if the person has one or none is free.
func (u *uploads) enter(user int64) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.all) >= uploadsAll || slices.Contains(u.all, user) {
		return false
	}
	u.all = append(u.all, user)
	return true
}

// leave frees a person's slot.
func (u *uploads) leave(user int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.all = slices.DeleteFunc(u.all, func(other int64) bool { return other == user })
}

// isUpload reports whether a request uploads an import file.
func isUpload(method, path string) bool {
	rest, below := strings.CutPrefix(path, "/w/")
	slug, there := strings.CutSuffix(rest, "/contacts/import")
	return method == fiber.MethodPost && below && there && slug != "" && !strings.ContainsAny(slug, "/?")
}

func (s *Server) sessionCookie(h *fasthttp.RequestHeader) string {
	return string(h.Cookie(s.sessions.cookieName()))
}

// uploader returns the person who uploads, 0 without a valid session, and their role in the URL's workspace, "" if they are not a
// member.
func (s *Server) uploader(h *fasthttp.RequestHeader) (user int64, role models.Role) {
	cookie := s.sessionCookie(h)
	if cookie == "" {
		return 0, ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	slug, _, _ := strings.Cut(strings.TrimPrefix(string(h.RequestURI()), "/w/"), "/")
	user, role, err := s.DB.RoleAt(ctx, models.TokenHash(cookie), slug, s.now())
	if err != nil {
		return 0, ""
	}
	return user, role
}

// whyTooLarge returns the error for a body that was not read.
func (s *Server) whyTooLarge(c *fiber.Ctx, err error) error {
	h := &c.Request().Header
	if !isUpload(c.Method(), c.Path()) {
		return err
	}
	s.swallow(c)
	switch user, role := s.uploader(h); {
	case user == 0:
		return errSignIn
	case role == "":
		return models.ErrNotFound
	case !role.Includes(models.RoleManager):
		return fiber.ErrForbidden
	}
	if n := h.ContentLength(); n > bodyLimit && n <= uploadLimit {
		return errUploadsBusy
	}
	return errFileTooLarge
}

// swallow reads and discards the rest of an upload for a while. A browser that is cut off while sending shows its own error page
// instead of the answer.
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

// upload is a file in a posted form: its name and its content, which can be read once.
type upload struct {
	name string
	io.Reader
}

// readMultipart reads the fields of a multipart form up to its first file, and opens that file. It ignores the rest. The file is
// stored as a field with its name and hash, so that the same file sent twice makes the same form key (double_submit.go).
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
			io.Copy(sum, part) // an error shows when the file is read
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

// filePart returns the content of the first file in a multipart body.
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
