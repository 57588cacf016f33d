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

// SQLState returns the database's own code of err: five characters from Postgres, SQLite's extended number in decimal,
// "" when err is not the database's. Codes decide, never constraint names or messages: those may hold values.
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

// IsDuplicate reports whether err is a broken unique key.
func IsDuplicate(err error) bool {
	switch SQLState(err) {
	case "23505", "1555", "2067":
		return true
	}
	return errors.Is(err, gorm.ErrDuplicatedKey)
}

// IsForeignKey reports whether err is a row that points to nothing, or is still pointed to.
func IsForeignKey(err error) bool {
	switch SQLState(err) {
	case "23503", "787":
		return true
	}
	return errors.Is(err, gorm.ErrForeignKeyViolated)
}

// IsRetryable reports whether the same transaction on fresh reads can succeed.
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

// queryCanceled is Postgres' code for a statement that it ended: its statement_timeout, which the program sets, has passed.
const queryCanceled = "57014"

// IsTimeout reports whether err is the program's own deadline for the work. The database may well be there, and slow.
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

// translating is the SQLite dialector with its duplicate, foreign-key and check errors named as GORM names them, which
// the driver of GORM does only for another SQLite library.
type translating struct{ sqlite.Dialector }

// Translate gives GORM's name to an error of the database.
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

// SavePoint and RollbackTo are forwarded, since GORM looks for them on the outer type.
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
