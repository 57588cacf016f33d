package store

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"campaignlark/models"
)

// ErrWrongPassword is the only error of a failed sign-in, so it does not reveal whether the account exists.
var ErrWrongPassword = &models.Error{Code: models.CodeInvalid, Message: "That e-mail address and password do not belong together."}

// SignIn returns the person with this address and password. The errors are ErrWrongPassword and TooManyFailures, which does
// not compare the password. If too many people sign in and the password is not compared, the try is not counted. An unknown
// account counts and takes as long as a known one.
func (d *DB) SignIn(ctx context.Context, email, password string, client netip.Addr, now time.Time) (models.User, error) {
	account, err := models.ReadEmail(email)
	if err != nil {
		account = "" // no account has this address; all invalid addresses share one count
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
