package store

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"
)

// TestSearchesWaitForSlots takes all slots of searches and of exports. Searches without an index and exports wait, other lists do not. A slot
// that is left lets the next one in.
func TestSearchesWaitForSlots(t *testing.T) {
	t.Parallel()
	db, err := Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "empty.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	leave := takeAll(t, db.searches)
	defer takeAll(t, db.exports)()
	late, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := db.Contacts(late, 1, ContactFilter{Search: "tywin@"}, ContactCursor{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v for a search, want that it waits", err)
	}
	if _, _, err := db.ExportStep(late, 1, ContactFilter{}, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v for an export, want that it waits", err)
	}
	if _, err := db.Contacts(t.Context(), 1, ContactFilter{}, ContactCursor{}); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v for the whole list, want that it asks the empty database", err)
	}
	leave()
	if _, err := db.Contacts(t.Context(), 1, ContactFilter{Search: "tywin@"}, ContactCursor{}); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v for a search with a slot, want that it asks the empty database", err)
	}
}

// takeAll takes all slots. The function that it returns leaves them.
func takeAll(t *testing.T, s slots) (leave func()) {
	t.Helper()
	var all []func()
	for range cap(s) {
		leave, err := s.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, leave)
	}
	return func() {
		for _, leave := range all {
			leave()
		}
	}
}
