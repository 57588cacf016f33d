package torture

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
)

const diskSize = 192 << 20 // bytes

// TestDiskIsFull fills the disk of Postgres, its write-ahead log included. If the server ends, it starts again when there is space.
func TestDiskIsFull(t *testing.T) {
	parallel(t)
	disk := smallDisk(t)
	server, err := dbtest.KeepPostgres(filepath.Join(disk, "data"), "max_wal_size=64MB", "wal_init_zero=on")
	must(t, err)
	t.Cleanup(server.Stop)
	withFault(t, server, func(t *testing.T, server *dbtest.Server, s *senders) {
		filler := filepath.Join(disk, "filler")
		turnedAway := s.busy.Load()
		until(t, "calls are turned away", patience, func() bool {
			fill(t, filler)
			return s.busy.Load() >= turnedAway+100
		})
		<-time.After(lasting(5*time.Second, 0))
		must(t, os.Remove(filler))
		must(t, server.StartIfEnded())
	})
}

// fill writes into a file until its disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	must(t, err)
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else {
			must(t, err)
		}
	}
}

// smallDisk returns a folder on a small disk: a tmpfs that it mounts, which needs root. In a container, where root may not mount,
// /dev/shm is such a disk: it has 64 MB unless the container's configuration says otherwise.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := openDir(t, "")
	mounted := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=755", diskSize))
	if mounted == nil {
		t.Cleanup(func() { must(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
		return dir
	}
	const shared = "/dev/shm"
	var fs syscall.Statfs_t
	if err := syscall.Statfs(shared, &fs); err != nil || int64(fs.Blocks)*fs.Bsize > diskSize {
		t.Fatalf("this test fills a disk. Run it as root, so that it can mount a small tmpfs (%v), or where %s has at most %d MB", mounted, shared, diskSize>>20)
	}
	return openDir(t, shared)
}

// openDir creates a folder that the user postgres may enter. It is removed when the test ends.
func openDir(t *testing.T, parent string) string {
	t.Helper()
	dir, err := os.MkdirTemp(parent, "campaignlark-disk-")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	return dir
}
