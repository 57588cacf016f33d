package main

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"campaignlark/models/store"
)

// TestTheStartSaysThatNoKeyIsSet starts with and without a key: only Postgres has none if none is set.
func TestTheStartSaysThatNoKeyIsSet(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		dialect store.Dialect
		key     string
		warns   bool
	}{{store.Postgres, "", true}, {store.Postgres, strings.Repeat("0f", 32), false}, {store.SQLite, "", false}} {
		var log lines
		c, err := loadCipher(Config{SecretKey: tt.key, DatabaseURL: "sqlite://" + filepath.Join(t.TempDir(), "lark.db")}, tt.dialect)
		if err != nil {
			t.Fatal(err)
		}
		program{log: slog.New(slog.NewTextHandler(&log, nil))}.warnWithoutKey(c)
		if says := strings.Contains(log.text(), "openssl rand -base64 32"); says != tt.warns {
			t.Errorf("%s with the key %q: got the log %q, want a warning to be %v", tt.dialect, tt.key, log.text(), tt.warns)
		}
	}
}
