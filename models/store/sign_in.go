package store

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"campaignlark/models"
)

// ErrWrongPassword is the one answer to a sign-in that failed: whether the account exists is nobody's business.
var ErrWrongPassword = &models.Error{Code: models.CodeInvalid, Message: "That e-mail address and password do not belong together."}

// SignIn returns the person whose address and password these are. The errors are ErrWrongPassword and, with no password
// read, TooManyFailures. A try whose password was not read, because too many people sign in, counts for nothing. An account that does not exist counts and costs like one that does.
func (d *DB) SignIn(ctx context.Context, email, password string, client netip.Addr, now time.Time) (models.User, error) {
	account, err := models.ReadEmail(email)
	if err != nil {
		account = "" // no account has it; all that are no addresses share one count
	}
	try, err := d.recordFailure(ctx, account, client, now)
	if err != nil {
		return models.User{}, models.In("count the try", err)
	}
	user, err := d.UserByEmail(ctx, account)
	if err != nil && ErrorCode(err) != models.CodeNotFound {
		return models.User{}, errors.Join(models.In("read the account", err), models.In("undo the count", d.undoFailure(ctx, try, now)))
	}
	right, err := models.CheckPassword(ctx, user.PasswordHash, password)
	if err != nil {
		return models.User{}, errors.Join(models.In("compare the password", err), models.In("undo the count", d.undoFailure(ctx, try, now)))
	}
	if !right {
		return models.User{}, ErrWrongPassword
	}
	return user, d.clearFailures(ctx, try, now)
}
