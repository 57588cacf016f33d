package main

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"
)

// TestRefusedConnectionsLoseNone asks the kernel to refuse connections while one waits for Accept. That one works; a later one gets no
// answer until the listener is closed.
func TestRefusedConnectionsLoseNone(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		ln, err := listen("LISTEN_ADDR", address)
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		waiting, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer waiting.Close()
		if err := refuseConnections(ln); err != nil {
			t.Fatal(err)
		}
		var timeout net.Error
		if _, err := net.DialTimeout("tcp", ln.Addr().String(), 100*time.Millisecond); !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("%s: got %v for a late connection, want no answer", address, err)
		}
		if _, err := io.WriteString(waiting, "hello"); err != nil {
			t.Fatal(err)
		}
		conn, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		got := make([]byte, 5)
		if _, err := io.ReadFull(conn, got); err != nil || string(got) != "hello" {
			t.Errorf("%s: got %q, %v from the connection that waited, want hello", address, got, err)
		}
		ln.Close()
		if _, err := net.DialTimeout("tcp", ln.Addr().String(), time.Second); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%s: got %v after the end, want connection refused", address, err)
		}
	}
}
