package secrets

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// keyFileName is the file beside an SQLite database that holds the key if SECRET_KEY is not set.
const keyFileName = "secret.key"

// Load returns the cipher for the program. secretKey is SECRET_KEY from the environment. If it is empty, the key is in a file
// beside the SQLite database at sqlitePath, and Load makes it if it is not there. On Postgres sqlitePath is "": then the
// cipher has no key. Errors are sentences for the person who starts the program, and never hold a key.
func Load(secretKey, sqlitePath string) (Cipher, error) {
	if secretKey != "" {
		key, err := ReadKey(secretKey)
		if err != nil {
			return Cipher{}, fmt.Errorf("SECRET_KEY cannot be used: %w", err)
		}
		return New(key)
	}
	if sqlitePath == "" {
		return Cipher{}, nil
	}
	key, err := loadKeyFile(filepath.Join(filepath.Dir(sqlitePath), keyFileName))
	if err != nil {
		return Cipher{}, err
	}
	return New(key)
}

// loadKeyFile reads the key file, and makes it first if it is not there. Of several programs that start together, all get
// the same key.
func loadKeyFile(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeKeyFile(path); err != nil {
			return nil, fmt.Errorf("the key file %s cannot be made; make its folder writable, or set SECRET_KEY", path)
		}
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("the key file %s cannot be read; let the program's user read it, or set SECRET_KEY", path)
	}
	key, err := ReadKey(string(text))
	if err != nil {
		return nil, fmt.Errorf("the key file %s does not hold a key; bring it back from a backup. Without the old key, the stored secrets have to be entered again", path)
	}
	return key, nil
}

// makeKeyFile writes a new key to a file that only its owner can read. The file appears with its whole content. If another
// program has made it first, that one stays.
func makeKeyFile(path string) error {
	folder := filepath.Dir(path)
	f, err := os.CreateTemp(folder, "."+keyFileName+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	key := make([]byte, KeySize)
	rand.Read(key)
	_, err = f.WriteString(hex.EncodeToString(key) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(folder)
}

// syncFolder makes the names in a folder survive a power cut.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
