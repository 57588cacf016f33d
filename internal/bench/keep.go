package main

import (
	"os"
	"path/filepath"
	"time"
)

// kept is a folder below .cache with data that a benchmark creates once and uses in several runs.
type kept struct {
	folder string
	full   bool // an earlier run has created all data
}

func (k kept) path(name string) string { return filepath.Join(k.folder, name) }

// done records that all data are created.
func (k kept) done() error {
	if k.full {
		return nil
	}
	return os.WriteFile(k.path("full"), nil, 0o644)
}

// keep returns the folder with the data of a benchmark. It deletes data that are incomplete or older than lasting.
func keep(name string, lasting time.Duration) (kept, error) {
	folder, err := filepath.Abs(filepath.Join(".cache", "bench", name))
	if err != nil {
		return kept{}, err
	}
	k := kept{folder: folder}
	if info, err := os.Stat(k.path("full")); err == nil && time.Since(info.ModTime()) < lasting {
		k.full = true
		return k, nil
	}
	if err := os.RemoveAll(folder); err != nil {
		return k, err
	}
	return k, os.MkdirAll(folder, 0o755)
}
