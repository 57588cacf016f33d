package secrets_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"campaignlark/secrets"
)

// The same 32 bytes in both encodings: `echo fbff… | xxd -r -p | base64`.
const (
	keyHex    = "fbff8fa83c44d751be6d259ec955ce5638e2c54095bf128e408e2fce1589c8ff"
	keyBase64 = "+/+PqDxE11G+bSWeyVXOVjjixUCVvxKOQI4vzhWJyP8="
)

func TestReadKey(t *testing.T) {
	t.Parallel()
	want, err := secrets.ReadKey(keyHex)
	if err != nil || len(want) != secrets.KeySize {
		t.Fatalf("got %d bytes (%v), want 32", len(want), err)
	}
	for _, text := range []string{
		strings.ToUpper(keyHex), " " + keyHex + "\n", keyBase64, keyBase64 + "\r\n", strings.TrimRight(keyBase64, "="), strings.NewReplacer("+", "-", "/", "_").Replace(keyBase64),
	} {
		if got, err := secrets.ReadKey(text); err != nil || string(got) != string(want) {
			t.Errorf("%q: got %x (%v), want %x", text, got, err, want)
		}
	}
	for _, text := range []string{"", " ", "hunter2", keyHex[2:], keyHex + "00", keyHex[1:], keyBase64[4:], "AAAA" + keyBase64, strings.Repeat("z", 64), strings.Repeat("p", 32)} {
		_, err := secrets.ReadKey(text)
		if err == nil || strings.TrimSpace(text) != "" && strings.Contains(err.Error(), text) {
			t.Errorf("%q: got %v, want an error that does not repeat it", text, err)
		}
	}
}

// opens reports whether two ciphers have the same key.
func opens(t *testing.T, a, b secrets.Cipher) bool {
	t.Helper()
	got, err := b.Open(seal(t, a, "a secret of the shop"), row)
	return err == nil && got == "a secret of the shop"
}

func load(t *testing.T, secretKey, sqlitePath string) secrets.Cipher {
	t.Helper()
	c, err := secrets.Load(secretKey, sqlitePath)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLoadFromTheEnvironment(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	database := filepath.Join(folder, "campaignlark.db")
	if !opens(t, load(t, keyHex, database), load(t, " "+keyHex+" ", "")) {
		t.Error("SECRET_KEY gives another key on Postgres than on SQLite")
	}
	if files, err := os.ReadDir(folder); err != nil || len(files) != 0 {
		t.Errorf("got %v (%v), want no key file", files, err)
	}
	for _, text := range []string{"hunter2", " "} {
		if _, err := secrets.Load(text, database); err == nil || !strings.Contains(err.Error(), "SECRET_KEY") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got %v, want an error that names the variable", text, err)
		}
	}
}

func TestLoadWithoutAKey(t *testing.T) {
	t.Parallel()
	if _, err := load(t, "", "").Seal("a secret of the shop", row); !errors.Is(err, secrets.ErrNoKey) {
		t.Errorf("got %v, want ErrNoKey", err)
	}
}

// TestKeyFile starts several programs together in an empty folder, and one later.
func TestKeyFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	database := filepath.Join(folder, "campaignlark.db")
	var all [16]secrets.Cipher
	var wait sync.WaitGroup
	start := make(chan struct{})
	for i := range all {
		wait.Go(func() {
			<-start
			c, err := secrets.Load("", database)
			if err != nil {
				t.Error(err)
			}
			all[i] = c
		})
	}
	close(start)
	wait.Wait()
	if t.Failed() {
		return
	}
	for i := range all {
		if !opens(t, all[0], all[i]) {
			t.Errorf("program %d has another key than the first", i)
		}
	}
	if !opens(t, all[0], load(t, "", database)) {
		t.Error("a later start has another key")
	}
	files, err := os.ReadDir(folder)
	if err != nil || len(files) != 1 || files[0].Name() != "secret.key" {
		t.Fatalf("got %v (%v), want secret.key alone", files, err)
	}
	info, err := files[0].Info()
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("got mode %v (%v), want 0600", info.Mode(), err)
	}
	// The content is a value for SECRET_KEY, so a person can move to Postgres with it.
	text, err := os.ReadFile(filepath.Join(folder, "secret.key"))
	if err != nil || !opens(t, all[0], load(t, string(text), "")) {
		t.Errorf("the file's text is another key than the file (%v)", err)
	}
}

func TestKeyFileThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	broken, folder, file := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "file")
	if err := errors.Join(os.WriteFile(filepath.Join(broken, "secret.key"), []byte("hunter2"), 0o600), os.Mkdir(filepath.Join(folder, "secret.key"), 0o700), os.WriteFile(file, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ database, want string }{
		"no key in it":      {filepath.Join(broken, "x.db"), "does not hold a key"},
		"a folder":          {filepath.Join(folder, "x.db"), "cannot be read"},
		"no such folder":    {filepath.Join(folder, "none", "x.db"), "cannot be made"},
		"beside is no file": {filepath.Join(file, "x.db"), "secret.key"},
	} {
		_, err := secrets.Load("", c.database)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v, want a sentence with %q", name, err, c.want)
		}
	}
	if text, _ := os.ReadFile(filepath.Join(broken, "secret.key")); string(text) != "hunter2" {
		t.Errorf("got %q, want the broken file left alone", text)
	}
}
