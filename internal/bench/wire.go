package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
)

// wire stands between a program and Postgres and counts what the program sends.
type wire struct {
	listener   net.Listener
	statements atomic.Int64
	roundTrips atomic.Int64 // times that the program waits for an answer
}

// newWire returns a wire to the database at rawURL, whose host is the folder of a socket, and the URL of the database through it.
func newWire(rawURL string) (*wire, string, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, "", err
	}
	dir, err := os.MkdirTemp("", "wire")
	if err != nil {
		return nil, "", err
	}
	const name = ".s.PGSQL.5432"
	w := &wire{}
	if w.listener, err = net.Listen("unix", filepath.Join(dir, name)); err != nil {
		return nil, "", err
	}
	go w.accept(filepath.Join(u.Query().Get("host"), name))
	u.RawQuery = url.Values{"host": {dir}}.Encode()
	return w, u.String(), nil
}

func (w *wire) close() {
	w.listener.Close()
	os.RemoveAll(filepath.Dir(w.listener.Addr().String()))
}

func (w *wire) accept(socket string) {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", socket)
		if err != nil {
			client.Close()
			continue
		}
		go func() {
			defer client.Close()
			io.Copy(client, server)
		}()
		go func() {
			defer server.Close()
			w.forward(server, client)
		}()
	}
}

// forward copies the messages of a client and counts them. The first one has a length and no kind.
func (w *wire) forward(server io.Writer, client io.Reader) {
	in, out := bufio.NewReaderSize(client, 1<<16), bufio.NewWriterSize(server, 1<<16)
	head := make([]byte, 5)
	for first := true; ; first = false {
		start := head
		if first {
			start = head[1:]
		}
		if _, err := io.ReadFull(in, start); err != nil {
			return
		}
		out.Write(start)
		if _, err := io.CopyN(out, in, int64(binary.BigEndian.Uint32(head[1:]))-4); err != nil {
			return
		}
		if in.Buffered() == 0 && out.Flush() != nil {
			return
		}
		if first {
			continue
		}
		switch head[0] {
		case 'Q': // a text of statements
			w.statements.Add(1)
			w.roundTrips.Add(1)
		case 'E': // Execute
			w.statements.Add(1)
		case 'S': // Sync
			w.roundTrips.Add(1)
		}
	}
}
