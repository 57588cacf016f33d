package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"campaignlark/internal/dbtest"
)

// Main runs the package's tests and then removes the browser and the program that they have started and built. Call it from
// TestMain.
func Main(m *testing.M) { dbtest.Main(m, closeBrowser, removeBinary) }

// buildDir creates a folder that every user may enter, because a test runs the program as the user nobody.
var buildDir = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "campaignlark-e2e-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755)
})

// Binary builds the program once and returns its path.
func Binary(t testing.TB) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var binary = sync.OnceValues(func() (string, error) {
	dir, err := buildDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "campaignlark")
	build := exec.Command("go", append(append([]string{"build"}, buildFlags...), "-o", path, "./web")...)
	build.Dir = Root()
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return path, nil
})

func removeBinary() {
	if dir, err := buildDir(); err == nil {
		os.RemoveAll(dir)
	}
}

// Root returns the folder of the repository: the nearest folder above with a go.mod.
func Root() string {
	dir, err := os.Getwd()
	for err == nil && dir != "/" {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	return "."
}
