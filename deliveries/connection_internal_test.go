package deliveries

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestSendWithoutAConnection(t *testing.T) {
	t.Parallel()
	own, roots := certificate(t)
	fine := func(c net.Conn) { io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n") }
	secure, plain := listen(t, &own, fine), listen(t, nil, fine)
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	nowhere := resolverOf(t, func() [4]byte { return [4]byte{127, 0, 0, 1} })
	nowhere.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return nil, &net.AddrError{Err: "no name server"}
	}
	reach := clientOptions{allow: loopback, roots: roots}
	expired := expiredCertificate(t, roots)
	for name, c := range map[string]struct {
		options clientOptions
		url     string
		code    Code
	}{
		"all is well":                  {reach, secure, CodeNone},
		"an unknown name":              {clientOptions{resolver: nowhere}, "https://crm.example.com/", CodeDNS},
		"a closed port":                {reach, "https://" + gone.Addr().String(), CodeRefused},
		"a certificate of nobody":      {clientOptions{allow: loopback}, secure, CodeAuthority},
		"a certificate of another":     {reach, other(t, own), CodeName},
		"a certificate of yesterday":   {reach, listen(t, &expired, fine), CodeExpired},
		"another version of TLS":       {reach, oldTLS(t, own), CodeTLS},
		"https to a plain receiver":    {reach, strings.Replace(web.URL, "http:", "https:", 1), CodeNoTLS},
		"this machine":                 {clientOptions{roots: roots}, secure, CodeAddress},
		"this machine over plain http": {clientOptions{}, plain, CodeAddress},
		"no URL":                       {reach, "https://crm\x7f/", CodeAddress},
		"another scheme":               {reach, "ftp://127.0.0.1/", CodeUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(c.options)
			defer client.Close()
			if got := client.Send(t.Context(), Message{ID: "msg_1", URL: c.url, Body: []byte("{}")}, noon); got.Code != c.code {
				t.Errorf("got %q, want %q", got.Code, c.code)
			}
		})
	}
}

// expiredCertificate returns a certificate for 127.0.0.1 that has expired, and adds it to roots.
func expiredCertificate(t *testing.T, roots *x509.CertPool) tls.Certificate {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	of := x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(-24 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	raw, err := x509.CreateCertificate(nil, &of, &of, public, private)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: private}
}

// oldTLS returns the URL of a receiver that knows only a version of TLS that is too old.
func oldTLS(t *testing.T, certificate tls.Certificate) string {
	t.Helper()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

// other returns the URL of a receiver at 127.0.0.2, for which certificate is not valid.
func other(t *testing.T, certificate tls.Certificate) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.2:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ErrorLog: log.New(io.Discard, "", 0)}
	t.Cleanup(func() { server.Close() })
	go server.Serve(l)
	return "https://" + l.Addr().String()
}
