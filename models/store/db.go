package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"campaignlark/models"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"
	_ "modernc.org/sqlite" // the driver named "sqlite": pure Go
)

// Dialect names the database behind a DB.
type Dialect string

const (
	Postgres Dialect = "postgres"
	SQLite   Dialect = "sqlite"
)

// DB is the program's database. SQLite writes through one connection and reads through others. On Postgres both use the
// same pool, and calls of webhooks another one.
type DB struct {
	Dialect     Dialect
	write, read *gorm.DB
	calls       *gorm.DB        // for Calls
	searches    slots           // for searches of contacts that no index serves
	hours       keptHours       // of CallsByHour
	exports     slots           // for steps of exports
	postgres    *pgx.ConnConfig // nil on SQLite
	waiting     func() int64    // calls of webhooks that are not answered yet; nil for none
}

// Open connects to the database at rawURL: sqlite://path/to/file.db or postgres://user@host/name. It creates the folder
// of an SQLite file if it is missing. Errors are sentences for the person who starts the program and never contain the
// password.
func Open(ctx context.Context, rawURL string) (*DB, error) {
	switch {
	case strings.HasPrefix(rawURL, "sqlite://"):
		return openSQLite(ctx, strings.TrimPrefix(rawURL, "sqlite://"))
	case strings.HasPrefix(rawURL, "postgres://"), strings.HasPrefix(rawURL, "postgresql://"):
		return openPostgres(ctx, rawURL)
	}
	return nil, errors.New("DATABASE_URL must start with sqlite:// or postgres://")
}

func openPostgres(ctx context.Context, rawURL string) (*DB, error) {
	cfg, err := pgx.ParseConfig(rawURL)
	if err != nil {
		return nil, errors.New("DATABASE_URL is not a Postgres address this program can read; it should look like postgres://user:password@host:5432/name")
	}
	cfg.RuntimeParams["application_name"] = "campaignlark"
	cfg.RuntimeParams["timezone"] = "UTC"
	pool, calls := openPostgresPool(cfg, 16), openPostgresPool(cfg, 2)
	if err := pool.PingContext(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("the Postgres database %q on %s does not answer; check DATABASE_URL and that Postgres is running", cfg.Database, cfg.Host)
	}
	g, err := gorm.Open(postgres.New(postgres.Config{Conn: pool}), gormConfig())
	if err != nil {
		pool.Close()
		return nil, err
	}
	c, err := gorm.Open(postgres.New(postgres.Config{Conn: calls}), gormConfig())
	if err != nil {
		pool.Close()
		return nil, err
	}
	return &DB{Dialect: Postgres, write: g, read: g, calls: c, postgres: cfg, searches: newSlots(), exports: newSlots()}, nil
}

func openPostgresPool(cfg *pgx.ConnConfig, conns int) *sql.DB {
	pool := stdlib.OpenDB(*cfg, stdlib.OptionAfterConnect(encodeUUIDs))
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	return pool
}

// sqliteBusyTimeout is how long a statement waits for another process.
const sqliteBusyTimeout = 5 * time.Second

// Settings of every SQLite connection. FULL: a committed transaction survives a power cut. The time settings make times
// written by Go compare correctly as text.
const sqliteSettings = "_foreign_keys=1&_journal_mode=WAL&_synchronous=FULL&_time_format=sqlite&_timezone=UTC&_texttotime=1&_dqs=0"

func openSQLite(ctx context.Context, path string) (*DB, error) {
	if path == "" {
		return nil, errors.New("DATABASE_URL names no file; it should look like sqlite://data/campaignlark.db")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("the folder %s cannot be created; choose another in DATABASE_URL or make it writable", filepath.Dir(path))
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, fmt.Errorf("the database file %s cannot be written; choose another in DATABASE_URL or make its folder writable", path)
	}
	f.Close()
	base := fmt.Sprintf("file:%s?_busy_timeout=%d&%s", (&url.URL{Path: path}).EscapedPath(), sqliteBusyTimeout.Milliseconds(), sqliteSettings)
	// The default cache is 2 MB. A transaction that changes more pages writes them to disk repeatedly. With 32 MB a tick of
	// the segments takes a third less time.
	//
	// secure_delete overwrites what is deleted with zeros, so that the file does not keep people who were erased. Its other
	// setting, FAST, leaves them on pages that become free.
	//
	// temp_store(2) keeps in memory what a statement needs to undo its own rows. In a file, that took 7 % of the intake's time.
	// wal_autocheckpoint: pages that every batch changes go to the database after each 16 MB of the write-ahead log, not after 4.
	write, err := openSQLitePool(ctx, base+"&_txlock=immediate&_pragma=cache_size(-32768)&_pragma=secure_delete(1)&_pragma=temp_store(2)&_pragma=wal_autocheckpoint(4000)", 1)
	if err != nil {
		return nil, err
	}
	read, err := openSQLitePool(ctx, base+"&_txlock=deferred&_pragma=query_only(1)", max(4, runtime.NumCPU()))
	if err != nil {
		return nil, err
	}
	return &DB{Dialect: SQLite, write: write, read: read, calls: read, searches: newSlots(), exports: newSlots()}, nil
}

// openSQLitePool opens one pool. Two processes that start together can both switch to WAL, so it tries again.
func openSQLitePool(ctx context.Context, dsn string, conns int) (*gorm.DB, error) {
	pool, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	for try := 0; ; try++ {
		if err = pool.PingContext(ctx); err == nil {
			break
		}
		if try == 20 || !IsRetryable(err) {
			pool.Close()
			return nil, whyNotOpened(err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return gorm.Open(translating{sqlite.Dialector{DriverName: "sqlite", Conn: pool}}, gormConfig())
}

// whyNotOpened explains in a sentence why SQLite cannot open a file.
func whyNotOpened(err error) error {
	switch code := SQLState(err); code {
	case "14", "1544": // CANTOPEN, READONLY_DIRECTORY
		return errors.New("the folder of the database file is not writable, and SQLite creates more files there: make it writable, or choose another in DATABASE_URL")
	case "26": // NOTADB
		return errors.New("the database file is not an SQLite database; choose another in DATABASE_URL")
	default:
		return fmt.Errorf("the database file cannot be opened as SQLite (code %s)", code)
	}
}

func gormConfig() *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true,
		TranslateError:         true,
		Logger:                 logger.Discard, // it would print values; the caller logs the error's code
		NowFunc:                func() time.Time { return models.Instant(time.Now()) },
	}
}

func (d *DB) Close() error {
	var errs []error
	for _, g := range []*gorm.DB{d.write, d.read, d.calls} { // a pool may be closed twice
		pool, _ := g.DB()
		errs = append(errs, pool.Close())
	}
	return errors.Join(errs...)
}

// Read starts a query that changes nothing.
func (d *DB) Read(ctx context.Context) *gorm.DB { return d.read.WithContext(ctx) }

// Calls is Read for calls of webhooks. On Postgres pages and background work share none of its connections.
func (d *DB) Calls(ctx context.Context) *gorm.DB { return d.calls.WithContext(ctx) }

// SchemaVersion returns the number of the last applied migration.
func (d *DB) SchemaVersion(ctx context.Context) (version int64, err error) {
	return version, d.Read(ctx).Raw("SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&version).Error
}

// Pool returns the pool for writing; on SQLite it has one connection.
func (d *DB) Pool() *sql.DB {
	p, _ := d.write.DB()
	return p
}

// PostgresConfig returns the settings of a connection to the database, for connections outside the pool. It is nil on SQLite.
func (d *DB) PostgresConfig() *pgx.ConnConfig { return d.postgres.Copy() }

// Write runs fn in one transaction and commits it if fn returns nil. After a deadlock, a serialization failure or errAddressChanged it
// runs fn again on fresh reads, at most 5 times in all. Use only tx inside fn: on SQLite a second transaction would wait forever.
func (d *DB) Write(ctx context.Context, fn func(tx *gorm.DB) error) error {
	if ctx.Value(readOnly{}) != nil {
		return ErrReadOnly
	}
	var err error
	for range 5 {
		err = d.write.WithContext(ctx).Transaction(fn)
		if err == nil || !IsRetryable(err) && !errors.Is(err, errAddressChanged) {
			return err
		}
	}
	return err
}

// ForChange locks the rows that the next query finds, until tx ends. SQLite has one writer and needs no lock.
func ForChange(tx *gorm.DB) *gorm.DB {
	return tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate})
}

// ForNoKeyUpdate is ForChange for changes that leave the key alone. It does not block others that insert rows with a
// foreign key to this row, such as contacts of a workspace.
func ForNoKeyUpdate(tx *gorm.DB) *gorm.DB {
	if tx.Name() != string(Postgres) {
		return tx
	}
	return tx.Clauses(clause.Locking{Strength: "NO KEY UPDATE"})
}

type readOnly struct{}

// ErrReadOnly is the error of Write in a context from ReadOnly.
var ErrReadOnly = &models.Error{Code: models.CodeForbidden, Message: "Nothing is changed here."}

// ReadOnly returns a context in which Write fails.
func ReadOnly(ctx context.Context) context.Context { return context.WithValue(ctx, readOnly{}, true) }

// First runs query for one row and turns "no row" into ErrNotFound.
func First[T any](query *gorm.DB) (T, error) {
	var row T
	err := query.Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, models.ErrNotFound
	}
	return row, err
}
