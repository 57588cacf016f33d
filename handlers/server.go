package handlers

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"campaignlark/deliveries"
	"campaignlark/faults"
	"campaignlark/intake"
	"campaignlark/live"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/secrets"
	"campaignlark/static"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// Config is the part of the program's configuration that this package needs.
type Config struct {
	PublicURL        *url.URL       // webhook URLs start with it; https makes cookies Secure
	TrustedProxies   []netip.Prefix // trusted for X-Forwarded-For
	LogRetentionDays int
	Version          string
	Mail             bool  // e-mail can be sent
	Development      bool  // shows the style guide
	SchemaVersion    int64 // lowest database version that the program needs

	OutboundAllow    []netip.Prefix      // internal networks to which deliveries may go
	DeliverySchedule deliveries.Schedule // when failed ones are tried again; nil for the usual one
}

// Options are a Server's parts. Now defaults to the wall clock, Refused to nothing.
type Options struct {
	Config Config
	DB     *store.DB
	Intake *intake.Pipeline
	Cipher secrets.Cipher // encrypts the secrets of webhooks and destinations
	Log    *slog.Logger
	Now    func() time.Time

	// Refused is called for each request to the public endpoint that never reached its handler, by several goroutines at a time.
	Refused func(RefusalReason)
}

// Server answers HTTP.
type Server struct {
	Options
	base       string // of public URLs: scheme and host
	app        *fiber.App
	rooms      rooms
	open       connections
	decoding   chan struct{} // holds a value for each large payload that is being decoded: one of 1 MiB needs up to 70 MB for that
	uploads    uploads
	sessions   *sessionStore
	bodyStart  time.Duration                     // how far a body may fall behind bodyPace
	unreadPage func(*fasthttp.RequestCtx, error) // answers a page's request that could not be read
	draining   atomic.Bool
	streams    streams
	live       *live.Hub
	exports    slots // running downloads of contacts
	previews   previews
	usuals     usuals
	repairs    repairs
	limits     limits
	heads      sync.Map // from a *fasthttp.RequestHeader to its bytes, for calls of the endpoint whose body is being read, or to a refusedEarly
}

// Limits of one request. The body limit is above CONTRACT's 1 MiB so that a sender of up to 4 MiB sees the 413.
const (
	bodyLimit      = 4 << 20
	readTimeout    = 30 * time.Second
	idleTimeout    = 90 * time.Second
	requestTimeout = 20 * time.Second // for the work on one request
	keptBuffer     = 64 << 10         // a connection keeps the buffer of its last answer for the next one if it is not larger
)

// New builds the server; Serve starts it.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Refused == nil {
		o.Refused = func(RefusalReason) {}
	}
	s := &Server{Options: o, bodyStart: bodyStart, uploads: uploads{start: uploadStart}, streams: streams{most: streamsAll, each: streamsAPerson}, exports: slots{most: exportsAll, each: 1}}
	s.rooms.small.most, s.rooms.large.most, s.open.most = smallRoom, largeRoom, maxConnections
	s.decoding = make(chan struct{}, runtime.GOMAXPROCS(0))
	s.base = strings.TrimSuffix(o.Config.PublicURL.String(), "/")
	s.live = live.New(o.DB, o.Log, s.now)
	s.previews = previews{exact: make(chan struct{}, exactAtOnce), running: map[string]*running{}}
	s.sessions = &sessionStore{db: o.DB, now: s.now, secure: o.Config.PublicURL.Scheme == "https"}
	fasthttp.SetBodySizePoolLimit(keptBuffer, keptBuffer)
	s.app = fiber.New(fiber.Config{
		Immutable:                    true,
		CaseSensitive:                true,
		StrictRouting:                true,
		DisablePreParseMultipartForm: true,
		DisableStartupMessage:        true,
		BodyLimit:                    bodyLimit,
		StreamRequestBody:            true, // receive reads the body
		Concurrency:                  maxConnections + spareConnections,
		ReadBufferSize:               16 << 10,
		ReadTimeout:                  readTimeout,
		WriteTimeout:                 readTimeout,
		IdleTimeout:                  idleTimeout,
		ErrorHandler:                 s.answerError,
	})
	s.app.Use(s.everyRequest)
	s.register()
	s.app.Server().ConnState = connState
	s.app.Server().HeaderReceived = s.beforeBody
	s.app.Server().Handler = s.front(s.app.Server().Handler)
	s.app.Server().ExpectHandler = s.expected
	s.unreadPage = s.app.Server().ErrorHandler
	s.app.Server().ErrorHandler = s.unread(s.unreadPage)
	return s
}

func (s *Server) now() time.Time { return models.Instant(s.Now()) }

// Serve serves ln until Shutdown. It returns as soon as Shutdown begins.
func (s *Server) Serve(ln net.Listener) error {
	return s.app.Listener(pacedListener{ln, &s.open})
}

// Drain prepares for shutdown: readiness answers 503 and every answer closes its connection, but new connections are still accepted.
func (s *Server) Drain() { s.draining.Store(true) }

// Shutdown stops accepting connections and waits for running requests until ctx ends.
func (s *Server) Shutdown(ctx context.Context) error { return s.app.ShutdownWithContext(ctx) }

// everyRequest sets each request's deadline and security headers, and answers its errors. A panic costs one answer and not the
// process. The log gets the panic's position, not its value.
func (s *Server) everyRequest(c *fiber.Ctx) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	defer func() {
		if fault := faults.Recovered(recover()); fault != nil {
			s.logPanic(c.Route().Path, fault)
			err = s.answerError(c, errPanic)
		}
	}()
	c.SetUserContext(ctx)
	s.protect(c)
	if to := withoutSlash(c); to != "" {
		return c.Redirect(to, fiber.StatusPermanentRedirect)
	}
	if err := c.Next(); err != nil {
		return s.answerError(c, err)
	}
	return nil
}

// withoutSlash returns the page's URL if the request has an extra slash at the end, else "".
func withoutSlash(c *fiber.Ctx) string {
	if c.Method() != fiber.MethodGet {
		return ""
	}
	path, query, asks := strings.Cut(c.OriginalURL(), "?")
	to := localPath(strings.TrimRight(path, "/"))
	if !strings.HasSuffix(path, "/") || to == "/" || isInbound(c.Path()) {
		return ""
	}
	if asks {
		to += "?" + query
	}
	return to
}

var errPanic = errors.New("panic")

// logPanic logs where a route's handler panicked.
func (s *Server) logPanic(route string, fault *faults.Panic) {
	s.Log.Error("panic", append([]any{"route", route}, faults.Attrs(fault)...)...)
}

// protect sets the security headers (DESIGN "Doors") on every answer, the server's own errors included.
func (s *Server) protect(c *fiber.Ctx) {
	c.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'")
	c.Set("X-Content-Type-Options", "nosniff")
	c.Set("Referrer-Policy", "same-origin")
	if strings.HasPrefix(c.Path(), invitationsPath+"/") {
		c.Set("Referrer-Policy", "strict-origin") // the path is secret, and proxies log referrers
	}
	c.Set("Cache-Control", "no-store")
	if s.sessions.secure {
		c.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if s.draining.Load() || s.open.crowded() {
		c.Context().SetConnectionClose()
	}
}

// assets returns the asset URLs that every page links to.
func assets() views.Assets {
	return views.Assets{CSS: static.URL("app.css"), JS: static.URL("app.js"), Icon: static.URL("lark.svg")}
}

// asset serves the stylesheet, the script and the icons.
func (s *Server) asset(v *visit) error { return static.Serve(v.Ctx) }
