package torture

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"campaignlark/internal/e2e"
)

const (
	rollingSenders = 32
	minCalls       = 200 // between two restarts
)

// TestRollingRestart restarts two replicas behind nginx in turn, several times, while senders send through it. nginx is configured as
// docs/operations.md says. No call fails.
func TestRollingRestart(t *testing.T) {
	parallel(t)
	url := postgres(t).URL("campaignlark")
	a := e2e.NewAudience(t, url, tagsOfCalls)
	addresses := freeAddresses(t, 3)
	env := func(address string) map[string]string {
		return map[string]string{"LISTEN_ADDR": address, "INTAKE_WAIT": "15s", "TRUSTED_PROXIES": "127.0.0.1"}
	}
	replicas := []*program{start(t, url, env(addresses[0])), start(t, url, env(addresses[1]))}
	startNginx(t, addresses[2], addresses[:2])
	hook := strings.Replace(replicas[0].hook(a), addresses[0], addresses[2], 1)
	s := send(t, load{urls: []string{hook}, n: rollingSenders, who: newPeople("rolling")})
	rounds := 2
	if long() {
		rounds = 20
	}
	for range rounds {
		for i, address := range addresses[:2] {
			answered := s.good.Load()
			until(t, "calls are answered between restarts", patience, func() bool { return s.good.Load() >= answered+minCalls })
			replicas[i].Stop()
			replicas[i] = start(t, url, env(address))
		}
	}
	calls := s.end()
	t.Logf("%d calls during %d restarts, the slowest took %v", len(calls), 2*rounds, slowest(calls).Round(time.Millisecond))
	checkVersions(t, a, calls)
}

// startNginx starts nginx with the configuration of docs/operations.md, as a proxy for two replicas.
func startNginx(t *testing.T, listen string, replicas []string) {
	t.Helper()
	path, err := exec.LookPath("nginx")
	if err != nil {
		path = "/usr/sbin/nginx" // not in everybody's PATH
	}
	text, err := os.ReadFile(filepath.Join(e2e.Root(), "docs", "operations.md"))
	must(t, err)
	_, block, found := strings.Cut(string(text), "```nginx\n")
	block, _, _ = strings.Cut(block, "```")
	upstream, location, parts := strings.Cut(block, "\nlocation ")
	if !found || !parts {
		t.Fatalf("docs/operations.md has no configuration of nginx with an upstream and a location:\n%s", block)
	}
	upstream = strings.NewReplacer("127.0.0.1:8080", replicas[0], "127.0.0.1:8081", replicas[1]).Replace(upstream)
	dir := openDir(t, "")
	config := fmt.Sprintf(`daemon off;
pid %[1]s/pid;
worker_processes 2;
error_log %[1]s/error.log;
events { worker_connections 1024; }
http {
	access_log off;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi; uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
	%[2]s
	server {
		listen %[3]s;
		location %[4]s
	}
}
`, dir, upstream, listen, location)
	file := filepath.Join(dir, "nginx.conf")
	must(t, os.WriteFile(file, []byte(config), 0o644))
	nginx := exec.Command(path, "-c", file, "-p", dir, "-e", filepath.Join(dir, "error.log"))
	must(t, nginx.Start())
	t.Cleanup(func() {
		nginx.Process.Signal(syscall.SIGTERM)
		nginx.Wait()
		if log, err := os.ReadFile(filepath.Join(dir, "error.log")); err == nil && t.Failed() {
			t.Logf("nginx says:\n%.3000s", log)
		}
	})
	until(t, "nginx answers", patience, func() bool {
		answer, err := http.Get("http://" + listen + "/readyz")
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
}

// freeAddresses returns addresses of this machine on which nothing listens.
func freeAddresses(t *testing.T, n int) (all []string) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		defer l.Close()
		all = append(all, l.Addr().String())
	}
	return all
}
