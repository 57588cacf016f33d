package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"

	"campaignlark/models"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
)

// SQLState returns the database's code for err: five characters from Postgres, SQLite's extended code in decimal, "" if
// err is not from the database. Decide by code, never by constraint name or message: those may contain values.
func SQLState(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	var coded interface{ Code() int }
	if errors.As(err, &coded) {
		return strconv.Itoa(coded.Code())
	}
	return ""
}

// IsDuplicate reports whether err is a violated unique key.
func IsDuplicate(err error) bool {
	switch SQLState(err) {
	case "23505", "1555", "2067":
		return true
	}
	return errors.Is(err, gorm.ErrDuplicatedKey)
}

// IsForeignKey reports whether err is a violated foreign key.
func IsForeignKey(err error) bool {
	switch SQLState(err) {
	case "23503", "787":
		return true
	}
	return errors.Is(err, gorm.ErrForeignKeyViolated)
}

// IsRetryable reports whether the transaction can succeed if it runs again on fresh reads.
func IsRetryable(err error) bool {
	switch s := SQLState(err); s {
	case "40001", "40P01":
		return true
	case "":
		return false
	default:
		n, _ := strconv.Atoi(s)
		return len(s) < 5 && (n&0xff == 5 || n&0xff == 6) // SQLITE_BUSY, SQLITE_LOCKED
	}
}

// queryCanceled is Postgres' code for a cancelled statement: it ran longer than the statement_timeout, which the program
// sets.
const queryCanceled = "57014"

// IsTimeout reports whether err is the program's own deadline. The database may be up, only slow.
func IsTimeout(err error) bool {
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return false
	}
	return errors.Is(err, context.DeadlineExceeded) || SQLState(err) == queryCanceled
}

// IsAway reports whether err means that the database did not answer.
func IsAway(err error) bool {
	if IsTimeout(err) {
		return false
	}
	var netErr net.Error
	var connect *pgconn.ConnectError
	switch s := SQLState(err); {
	case strings.HasPrefix(s, "08"), strings.HasPrefix(s, "57P"), s == "53300":
		return true
	}
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.As(err, &connect) || errors.As(err, &netErr) || pgconn.SafeToRetry(err)
}

// translating is the SQLite dialector with GORM's names for duplicate, foreign-key and check errors. GORM's own driver
// translates only those of another SQLite library.
type translating struct{ sqlite.Dialector }

// Translate replaces a database error with GORM's.
func (t translating) Translate(err error) error {
	switch SQLState(err) {
	case "1555", "2067":
		return gorm.ErrDuplicatedKey
	case "787":
		return gorm.ErrForeignKeyViolated
	case "275":
		return gorm.ErrCheckConstraintViolated
	}
	return err
}

// SavePoint and RollbackTo are forwarded because GORM looks for them on the outer type.
func (t translating) SavePoint(tx *gorm.DB, name string) error {
	return t.Dialector.SavePoint(tx, name)
}
func (t translating) RollbackTo(tx *gorm.DB, name string) error {
	return t.Dialector.RollbackTo(tx, name)
}

// ErrorCode returns the code of err, CodeInternal if it has none, and "" for nil.
func ErrorCode(err error) models.Code {
	if err == nil {
		return ""
	}
	var e *models.Error
	if errors.As(err, &e) {
		return e.Code
	}
	switch {
	case IsTimeout(err):
		return models.CodeTimeout
	case IsAway(err):
		return models.CodeUnavailable
	}
	return models.CodeInternal
}
