package secrets_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"campaignlark/secrets"
)

var row = secrets.Row{WorkspaceID: 7, OwnerID: 42, Purpose: secrets.WebhookSignature}

func newCipher(t *testing.T, first byte) secrets.Cipher {
	t.Helper()
	c, err := secrets.New(append([]byte{first}, make([]byte, secrets.KeySize-1)...))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func seal(t *testing.T, c secrets.Cipher, secret string) []byte {
	t.Helper()
	sealed, err := c.Seal(secret, row)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	c := newCipher(t, 1)
	for _, secret := range []string{"", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "пароль\x00", strings.Repeat("x", 500)} {
		sealed := seal(t, c, secret)
		if got, err := c.Open(sealed, row); err != nil || got != secret {
			t.Errorf("got %q (%v), want %q", got, err, secret)
		}
		if secret != "" && bytes.Contains(sealed, []byte(secret)) {
			t.Errorf("what is stored holds %q", secret)
		}
		if bytes.Equal(sealed, seal(t, c, secret)) {
			t.Errorf("%q encrypted twice gives the same bytes", secret)
		}
	}
}

func TestOpenForAnotherRow(t *testing.T) {
	t.Parallel()
	c := newCipher(t, 1)
	sealed := seal(t, c, "a secret of the shop")
	for _, other := range []secrets.Row{
		{},
		{WorkspaceID: 8, OwnerID: 42, Purpose: secrets.WebhookSignature},
		{WorkspaceID: 7, OwnerID: 43, Purpose: secrets.WebhookSignature},
		{WorkspaceID: 42, OwnerID: 7, Purpose: secrets.WebhookSignature},
		{WorkspaceID: 7, OwnerID: 42, Purpose: "destination"},
	} {
		if got, err := c.Open(sealed, other); !errors.Is(err, secrets.ErrCannotDecrypt) || got != "" {
			t.Errorf("%+v: got %q (%v), want ErrCannotDecrypt", other, got, err)
		}
	}
}

// TestTampering changes each byte of what is stored, and cuts it off after each byte.
func TestTampering(t *testing.T) {
	t.Parallel()
	c := newCipher(t, 1)
	sealed := seal(t, c, "a secret of the shop")
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if got, err := c.Open(changed, row); !errors.Is(err, secrets.ErrCannotDecrypt) || got != "" {
			t.Errorf("byte %d changed: got %q (%v), want ErrCannotDecrypt", i, got, err)
		}
		if got, err := c.Open(sealed[:i], row); !errors.Is(err, secrets.ErrCannotDecrypt) || got != "" {
			t.Errorf("cut to %d bytes: got %q (%v), want ErrCannotDecrypt", i, got, err)
		}
	}
	if _, err := c.Open(append(sealed, 0), row); !errors.Is(err, secrets.ErrCannotDecrypt) {
		t.Errorf("one byte longer: got %v, want ErrCannotDecrypt", err)
	}
}

func TestOtherKey(t *testing.T) {
	t.Parallel()
	sealed := seal(t, newCipher(t, 1), "a secret of the shop")
	_, err := newCipher(t, 2).Open(sealed, row)
	if !errors.Is(err, secrets.ErrCannotDecrypt) || !strings.Contains(err.Error(), "SECRET_KEY") {
		t.Errorf("got %v, want an error that names SECRET_KEY", err)
	}
}

func TestNoKey(t *testing.T) {
	t.Parallel()
	var c secrets.Cipher
	if c.HasKey() || !newCipher(t, 1).HasKey() {
		t.Error("the zero value has no key, a made one has")
	}
	if sealed, err := c.Seal("a secret of the shop", row); !errors.Is(err, secrets.ErrNoKey) || sealed != nil {
		t.Errorf("Seal: got %q (%v), want ErrNoKey", sealed, err)
	}
	if got, err := c.Open(seal(t, newCipher(t, 1), "a secret of the shop"), row); !errors.Is(err, secrets.ErrNoKey) || got != "" {
		t.Errorf("Open: got %q (%v), want ErrNoKey", got, err)
	}
	if _, err := secrets.New(make([]byte, 16)); err == nil {
		t.Error("a key of 16 bytes: got no error")
	}
}

func TestEnding(t *testing.T) {
	t.Parallel()
	for secret, want := range map[string]string{
		"whsec_0123456789q8Zt": "q8Zt", "twelve chars": "hars", "eleven char": "har", "secret": "et", "abc": "c", "ab": "", "": "", "двенадцать слов": "слов",
	} {
		if got := secrets.Ending(secret); got != want {
			t.Errorf("%q: got %q, want %q", secret, got, want)
		}
	}
}
