package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"net/netip"
	"slices"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// Limits of signing in (DESIGN "Doors"). Failures count for the account and for the client's address. The fifth failure
// makes the next try wait, and each further one doubles the wait up to a maximum. A try during a wait is refused and not
// counted. Each quiet quarter of an hour removes one failure, so no one is locked out for good.
const (
	freeFailures = 5
	firstWait    = 30 * time.Second
	longestWait  = 15 * time.Minute
	forgetEvery  = 15 * time.Minute
	mostFailures = 10 // counting stops where the wait is longest

	undoTime = 5 * time.Second // to undo a failure that was none

	keepFailures = 24 * time.Hour      // longer than it takes to remove all failures
	keepKnown    = 90 * 24 * time.Hour // how long an address counts as the account's own without a sign-in
)

// signInWait returns how long the next try must wait after this many failures.
func signInWait(failures int) time.Duration {
	if failures < freeFailures {
		return 0
	}
	return min(firstWait<<min(failures-freeFailures, mostFailures), longestWait)
}

// signInFailures is one count.
type signInFailures struct {
	Key          []byte `gorm:"column:who;primaryKey"`
	Failures     int
	BlockedUntil time.Time
	UpdatedAt    time.Time `gorm:"autoUpdateTime:false"`
}

// TableName is needed because the name is already plural.
func (signInFailures) TableName() string { return "sign_in_failures" }

// at returns the count at now: one failure less for each quarter of an hour since the wait ended.
func (f signInFailures) at(now time.Time) signInFailures {
	if quiet := now.Sub(f.BlockedUntil); quiet > 0 {
		f.Failures = max(0, f.Failures-int(min(quiet/forgetEvery, mostFailures)))
	}
	return f
}

// failed returns the count after one more failure at now.
func (f signInFailures) failed(now time.Time) signInFailures {
	f = f.at(now)
	f.Failures = min(f.Failures+1, mostFailures)
	f.BlockedUntil, f.UpdatedAt = now.Add(signInWait(f.Failures)), now
	return f
}

// forgiven returns the count without n failures, which a successful sign-in showed to be the person's own mistakes.
func (f signInFailures) forgiven(n int, now time.Time) signInFailures {
	f.Failures = max(0, f.Failures-n)
	f.BlockedUntil, f.UpdatedAt = now, now
	return f
}

// undone returns the count without a failure that was counted in advance and whose password was never compared. A count
// at its maximum stays there.
func (f signInFailures) undone() signInFailures {
	if f.Failures > 0 && f.Failures < mostFailures {
		f.Failures--
		f.BlockedUntil = f.UpdatedAt.Add(signInWait(f.Failures))
	}
	return f
}

// The kinds of counts; the kind is the first byte of the column who.
const (
	countAccount byte = 'a' // tries at the account from addresses that are not its own
	countClient  byte = 'c' // tries from the address at any account
	countKnown   byte = 'k' // tries at the account from an address it has signed in from
)

// signInKey returns the key of a count: its kind and a hash.
func signInKey(kind byte, parts ...string) []byte {
	h := sha256.New()
	for _, part := range parts {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return h.Sum([]byte{kind})
}

// clientKey names a client: its IPv4 address, or its IPv6 /64 network, because a person usually gets a whole /64.
func clientKey(client netip.Addr) string {
	if client = client.Unmap().WithZone(""); client.Is6() {
		network, _ := client.Prefix(64) // 64 bits fit every IPv6 address
		return network.String()
	}
	return client.String()
}

// signInTry is a try that is counted as a failure before its result is known, so that simultaneous tries cannot all
// pass the limit.
type signInTry struct{ account, client, known []byte }

// TooManyFailures refuses a sign-in because of earlier failures. The next try is allowed after Wait.
type TooManyFailures struct{ Wait time.Duration }

func (e *TooManyFailures) Error() string { return "too many failed sign-ins" }

// recordFailure counts a try at account from client as a failure, or refuses it with TooManyFailures and counts nothing.
// From an address that the account has signed in from, failures from other addresses do not count: an attacker cannot
// lock out the owner.
func (d *DB) recordFailure(ctx context.Context, account string, client netip.Addr, now time.Time) (signInTry, error) {
	try := signInTry{
		account: signInKey(countAccount, account),
		client:  signInKey(countClient, clientKey(client)),
		known:   signInKey(countKnown, account, clientKey(client)),
	}
	if own, err := d.readCounts(ctx, try.known); err != nil {
		return try, err
	} else if len(own) > 0 {
		try.account = try.known
	}
	rows, err := d.readCounts(ctx, try.account, try.client)
	if err == nil {
		err = refuseBlocked(rows, now) // before writing: many refused tries must not occupy the writer
	}
	if err != nil {
		return try, err
	}
	return try, d.Write(ctx, func(tx *gorm.DB) error {
		rows, err := lockCounts(tx, now, try.account, try.client)
		if err != nil {
			return err
		}
		if err := refuseBlocked(rows, now); err != nil {
			return err
		}
		for _, row := range rows {
			if err := storeCount(tx, row.failed(now)); err != nil {
				return err
			}
		}
		return nil
	})
}

// clearFailures undoes the failures that recordFailure counted in advance. The account's count returns to zero. The client's
// count loses only the account's failures and keeps the others: if not, anyone with one account could try all others without
// limit.
func (d *DB) clearFailures(ctx context.Context, try signInTry, now time.Time) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		rows, err := lockCounts(tx, now, try.account, try.client, try.known)
		if err != nil {
			return err
		}
		own := rows[slices.IndexFunc(rows, func(r signInFailures) bool { return bytes.Equal(r.Key, try.account) })].Failures
		for _, row := range rows {
			forget := own
			if row.Key[0] != countClient {
				forget = row.Failures
			}
			if err := storeCount(tx, row.forgiven(forget, now)); err != nil {
				return err
			}
		}
		return nil
	})
}

// undoFailure undoes the failure that recordFailure counted in advance, because the password was not compared: the queue was
// full or the database was away. It has its own deadline, because the request's may be over.
func (d *DB) undoFailure(ctx context.Context, try signInTry, now time.Time) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	return d.Write(ctx, func(tx *gorm.DB) error {
		rows, err := lockCounts(tx, now, try.account, try.client)
		if err != nil {
			return models.In("lock the counts", err)
		}
		for _, row := range rows {
			if err := storeCount(tx, row.undone()); err != nil {
				return models.In("store a count", err)
			}
		}
		return nil
	})
}

func (d *DB) readCounts(ctx context.Context, keys ...[]byte) (rows []signInFailures, err error) {
	return rows, d.Read(ctx).Where("who IN ?", keys).Find(&rows).Error
}

func refuseBlocked(rows []signInFailures, now time.Time) error {
	wait := time.Duration(0)
	for _, row := range rows {
		wait = max(wait, row.BlockedUntil.Sub(now))
	}
	if wait > 0 {
		return &TooManyFailures{Wait: wait}
	}
	return nil
}

// lockCounts reads the counts, creates missing ones, and locks them until tx ends. All callers lock in the same order,
// which avoids deadlocks.
func lockCounts(tx *gorm.DB, now time.Time, keys ...[]byte) ([]signInFailures, error) {
	slices.SortFunc(keys, bytes.Compare)
	keys = slices.CompactFunc(keys, bytes.Equal)
	rows := make([]signInFailures, len(keys))
	for i, key := range keys { // GORM takes bytes directly after a parenthesis as a list, so the key is not the first value
		err := tx.Raw(`INSERT INTO sign_in_failures (failures, who, blocked_until, updated_at) VALUES (0, ?, ?, ?)
			ON CONFLICT (who) DO UPDATE SET failures = sign_in_failures.failures RETURNING *`, key, now, now).Scan(&rows[i]).Error
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func storeCount(tx *gorm.DB, row signInFailures) error {
	return tx.Exec("UPDATE sign_in_failures SET failures = ?, blocked_until = ?, updated_at = ? WHERE who = ?",
		row.Failures, row.BlockedUntil, row.UpdatedAt, row.Key).Error
}

// ForgetSignIns deletes counts that are too old to matter.
func (d *DB) ForgetSignIns(ctx context.Context, now time.Time) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		return tx.Exec("DELETE FROM sign_in_failures WHERE updated_at < ? OR updated_at < ? AND substr(who, 1, 1) <> ?",
			now.Add(-keepKnown), now.Add(-keepFailures), []byte{countKnown}).Error
	})
}
