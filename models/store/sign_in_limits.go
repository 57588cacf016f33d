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

// Limits of signing in (DESIGN "Doors"). Failures are counted for the account and for the client's address. The first
// five are free; the fifth makes the next try wait, and each further one doubles the wait up to its ceiling. A try during
// a wait is refused unread and counts for nothing. Quiet time forgets failures one by one, so nobody is out for good.
const (
	freeFailures = 5
	firstWait    = 30 * time.Second
	longestWait  = 15 * time.Minute
	forgetEvery  = 15 * time.Minute
	mostFailures = 10 // counting stops where the wait has reached its ceiling

	undoTime = 5 * time.Second // to undo a failure that was none

	keepFailures = 24 * time.Hour      // longer than it takes to forget them all
	keepKnown    = 90 * 24 * time.Hour // how long an address remains the account's own without a sign-in
)

// signInWait is how long the next try has to wait after so many failures.
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

// TableName is needed because the name is a plural already.
func (signInFailures) TableName() string { return "sign_in_failures" }

// at is the count as it stands at now: for each quarter of an hour since the wait was over, one failure less.
func (f signInFailures) at(now time.Time) signInFailures {
	if quiet := now.Sub(f.BlockedUntil); quiet > 0 {
		f.Failures = max(0, f.Failures-int(min(quiet/forgetEvery, mostFailures)))
	}
	return f
}

// failed is the count after one more failure at now.
func (f signInFailures) failed(now time.Time) signInFailures {
	f = f.at(now)
	f.Failures = min(f.Failures+1, mostFailures)
	f.BlockedUntil, f.UpdatedAt = now.Add(signInWait(f.Failures)), now
	return f
}

// forgiven is the count after n failures turned out to be the person's own slips.
func (f signInFailures) forgiven(n int, now time.Time) signInFailures {
	f.Failures = max(0, f.Failures-n)
	f.BlockedUntil, f.UpdatedAt = now, now
	return f
}

// undone is the count without a failure that was counted in advance and whose password was never read. A count at its
// ceiling stays there.
func (f signInFailures) undone() signInFailures {
	if f.Failures > 0 && f.Failures < mostFailures {
		f.Failures--
		f.BlockedUntil = f.UpdatedAt.Add(signInWait(f.Failures))
	}
	return f
}

// The kinds of counts; the kind is the first byte of who.
const (
	countAccount byte = 'a' // tries at the account from addresses that are not its own
	countClient  byte = 'c' // tries from the address at any account
	countKnown   byte = 'k' // tries at the account from an address it has signed in from
)

// signInKey is the who of a count: its kind and a hash.
func signInKey(kind byte, parts ...string) []byte {
	h := sha256.New()
	for _, part := range parts {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return h.Sum([]byte{kind})
}

// clientKey names a client: an IPv4 address, or the network of an IPv6 one, since a person gets a whole /64.
func clientKey(client netip.Addr) string {
	if client = client.Unmap().WithZone(""); client.Is6() {
		network, _ := client.Prefix(64) // 64 bits fit every IPv6 address
		return network.String()
	}
	return client.String()
}

// signInTry is a try that has been counted as a failure, before it is known whether it is one: tries at the same moment
// cannot pass together.
type signInTry struct{ account, client, known []byte }

// TooManyFailures refuses a sign-in because of earlier failures. The next try is read when Wait is over.
type TooManyFailures struct{ Wait time.Duration }

func (e *TooManyFailures) Error() string { return "too many failed sign-ins" }

// recordFailure counts a try at account from client as a failure, or refuses it with TooManyFailures and counts nothing.
// From an address that the account has signed in from, the failures of others at the account do not count: somebody who
// fails on purpose cannot keep its owner out.
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
		err = refuseBlocked(rows, now) // before writing: a flood of refused tries must not keep the writer busy
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

// clearFailures undoes the failures that recordFailure recorded in advance: the account's count starts again from zero, and its failures are taken off
// the address, where others' remain. If those were forgotten too, anyone with one account could try at all others for ever.
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

// undoFailure undoes the failure that recordFailure recorded in advance: the queue was full, or the database was away, so the password was
// not compared. Its deadline is not the request's, which may be over.
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

// lockCounts reads the counts, makes those that are not there, and keeps everybody else from changing them until the
// transaction ends. The order is the same for all, so that two never wait for each other.
func lockCounts(tx *gorm.DB, now time.Time, keys ...[]byte) ([]signInFailures, error) {
	slices.SortFunc(keys, bytes.Compare)
	keys = slices.CompactFunc(keys, bytes.Equal)
	rows := make([]signInFailures, len(keys))
	for i, key := range keys { // the key is not the first value: GORM takes bytes right after a parenthesis for a list
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

// ForgetSignIns removes counts that say nothing any more.
func (d *DB) ForgetSignIns(ctx context.Context, now time.Time) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		return tx.Exec("DELETE FROM sign_in_failures WHERE updated_at < ? OR updated_at < ? AND substr(who, 1, 1) <> ?",
			now.Add(-keepKnown), now.Add(-keepFailures), []byte{countKnown}).Error
	})
}
