package deliveries

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// internal are addresses where no delivery may go, in the forms that a dialler sees.
var internal = []string{
	"127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "169.254.0.1",
	"100.64.0.1", "100.127.255.254", "192.0.0.192", "198.18.0.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
	"::1", "::", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "ff02::1", "fec0::1",
	"::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::ffff:0:127.0.0.1",
	"64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001::1", "2001:0:7f00:1::", "2001:db8::1", "100::1",
}

func TestGuardRefusesInternalAddresses(t *testing.T) {
	t.Parallel()
	may, only := publicOrAllowed(nil), allowedOnly(nil)
	for _, text := range internal {
		if may(netip.MustParseAddr(text)) == nil || only(netip.MustParseAddr(text)) == nil {
			t.Errorf("%s: a delivery may go there", text)
		}
	}
	for _, text := range []string{"8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"} {
		if err := may(netip.MustParseAddr(text)); err != nil {
			t.Errorf("%s: got %v, want it allowed", text, err)
		}
		if only(netip.MustParseAddr(text)) == nil {
			t.Errorf("%s: plain http may go there", text)
		}
	}
}

func TestGuardAllowsTheNetworksOfTheSetting(t *testing.T) {
	t.Parallel()
	allow := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("fd12::/16")}
	for text, want := range map[string]bool{
		"10.1.2.3": true, "10.2.0.1": false, "127.0.0.1": true, "127.0.0.2": false, "fd12::7": true, "fd13::7": false, "::1": false, "::ffff:10.1.2.3": false,
	} {
		if got := publicOrAllowed(allow)(netip.MustParseAddr(text)) == nil; got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	lan := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}
	for _, c := range []struct {
		url   string
		allow []netip.Prefix
		want  error
	}{
		{"https://crm.example.com", nil, nil},
		{"https://crm.example.com./events?key=a%20b", nil, nil},
		{"https://CRM.example.com:8443/events", nil, nil},
		{"https://8.8.8.8/", nil, nil},
		{"https://[2606:4700:4700::1111]:443/", nil, nil},
		{"https://bücher.example/", nil, nil},
		{"https://my_crm.example.com/", nil, nil},
		{"https://10.1.2.3/", lan, nil},
		{"http://10.1.2.3:8080/", lan, nil},
		{"http://crm.intranet/", lan, nil}, // refused when dialling, unless it resolves to the network
		{"", nil, errURLSyntax},
		{"crm.example.com", nil, errURLSyntax},
		{"https://", nil, errURLSyntax},
		{"https:crm.example.com", nil, errURLSyntax},
		{"https:///events", nil, errURLSyntax},
		{"https://crm example.com/", nil, errURLSyntax},
		{"https://crm..example.com/", nil, errURLSyntax},
		{"https://[::1", nil, errURLSyntax},
		{"https://crm%00.example.com/", nil, errURLSyntax},
		{"https://crm.example.com/\n", nil, errURLSyntax},
		{"https://crm.example.com/" + strings.Repeat("x", 2000), nil, errURLLong},
		{"http://crm.example.com/", nil, errURLScheme},
		{"ftp://crm.example.com/", nil, errURLScheme},
		{"javascript://crm.example.com/", lan, errURLScheme},
		{"https://user:password@crm.example.com/", nil, errURLUser},
		{"https://8.8.8.8@127.0.0.1/", nil, errURLUser},
		{"https://crm.example.com:0/", nil, errURLPort},
		{"https://crm.example.com:/", nil, errURLPort},
		{"https://crm.example.com:65536/", nil, errURLPort},
		{"https://crm.example.com:https/", nil, errURLPort},
		{"https://crm.example.com:-1/", nil, errURLPort},
		{"https://2130706433/", nil, errURLNumber},
		{"https://0x7f.1/", nil, errURLNumber},
		{"https://0x7f000001/", nil, errURLNumber},
		{"https://0177.0.0.1/", nil, errURLNumber},
		{"https://017700000001/", nil, errURLNumber},
		{"https://127.1/", nil, errURLNumber},
		{"https://127.0.0.1./", nil, errURLInternal},
		{"https://127.0.0.1/", nil, errURLInternal},
		{"https://１２７.０.０.１/", nil, errURLInternal}, // IDNA turns these digits into ordinary ones
		{"https://localhost/", nil, errURLInternal},
		{"https://LOCALHOST./", nil, errURLInternal},
		{"https://crm.localhost/", nil, errURLInternal},
		{"https://[::1]/", nil, errURLInternal},
		{"https://[::ffff:127.0.0.1]/", nil, errURLInternal},
		{"https://[64:ff9b::7f00:1]/", nil, errURLInternal},
		{"https://[fe80::1%25eth0]/", nil, errURLInternal},
		{"https://169.254.169.254/latest/meta-data/", nil, errURLInternal},
		{"https://10.2.0.1/", lan, errURLInternal},
		{"http://8.8.8.8/", lan, errURLPlain},
		{"http://93.184.215.14/x", loopback, errURLPlain},
		{"http://127.0.0.1/x", loopback, nil},
		{"https://224.0.0.1/", nil, errURLGroup},
		{"http://224.0.0.1/", lan, errURLGroup},
		{"https://[ff02::1]/", nil, errURLGroup},
		{"https://192.0.2.1/", nil, errURLExample},
		{"https://[2001:db8::1]/", nil, errURLExample},
		{"https://240.0.0.1/", nil, errURLReserved},
	} {
		if got := CheckURL(c.url, c.allow...); got != c.want {
			t.Errorf("%s: got %v, want %v", c.url, got, c.want)
		}
	}
	for _, text := range internal {
		host := text
		if strings.Contains(text, ":") {
			host = "[" + strings.ReplaceAll(text, "%", "%25") + "]"
		}
		if got := CheckURL("https://" + host + "/"); !slices.Contains([]error{errURLInternal, errURLGroup, errURLExample, errURLReserved}, got) {
			t.Errorf("%s: got %v, want it refused", text, got)
		}
	}
}

func TestAnAddressWithHTTPAndANameHasAHint(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]bool{
		"http://example.com/": true, "http://crm.intranet:8080/x": true, "https://example.com/": false, "http://127.0.0.1/x": false, "http://localhost/": false, "http://8.8.8.8/": false, "nonsense": false,
	} {
		if got := URLHint(url, loopback...) != ""; got != want {
			t.Errorf("%s: got a hint: %v, want %v", url, got, want)
		}
	}
}

// TestDiallerChecksWhatANameResolvesTo asks a name server that first says a public address and then this machine's.
func TestDiallerChecksWhatANameResolvesTo(t *testing.T) {
	t.Parallel()
	receiver, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer receiver.Close()
	_, port, _ := net.SplitHostPort(receiver.Addr().String())
	var asked atomic.Int64
	resolver := resolverOf(t, func() [4]byte {
		asked.Add(1)
		return [4]byte{127, 0, 0, 1}
	})
	for _, host := range []string{"rebind.example.com", "rebind.example.com.", "127.0.0.1", "localhost", "[::ffff:127.0.0.1]"} {
		conn, err := dialer(publicOrAllowed(nil), resolver)(t.Context(), "tcp", host+":"+port)
		if err == nil {
			conn.Close()
		}
		if !errors.Is(err, errAddress) {
			t.Errorf("%s: got %v, want the address refused", host, err)
		}
	}
	if asked.Load() == 0 {
		t.Error("the name server was not asked")
	}
	conn, err := dialer(allowedOnly([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}), resolver)(t.Context(), "tcp", "rebind.example.com:"+port)
	if err != nil {
		t.Fatalf("got %v, want a connection to the allowed network", err)
	}
	conn.Close()
}

// TestDiallerChecksEachLook resolves a name to an allowed address at the first look and to a refused one afterwards.
func TestDiallerChecksEachLook(t *testing.T) {
	t.Parallel()
	receiver, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer receiver.Close()
	_, port, _ := net.SplitHostPort(receiver.Addr().String())
	var second atomic.Bool
	resolver := resolverOf(t, func() [4]byte {
		if second.Load() {
			return [4]byte{127, 0, 0, 2}
		}
		return [4]byte{127, 0, 0, 1}
	})
	dial := dialer(publicOrAllowed([]netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}), resolver)
	conn, err := dial(t.Context(), "tcp", "rebind.example.com:"+port)
	if err != nil {
		t.Fatalf("got %v, want a connection at the first look", err)
	}
	conn.Close()
	second.Store(true)
	if _, err := dial(t.Context(), "tcp", "rebind.example.com:"+port); !errors.Is(err, errAddress) {
		t.Errorf("got %v, want the address of the second look refused", err)
	}
}

// resolverOf returns a resolver whose name server answers every question for an IPv4 address with what address returns.
func resolverOf(t *testing.T, address func() [4]byte) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	go func() {
		for buf := make([]byte, 1500); ; {
			n, from, err := server.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) == 0 {
				continue
			}
			m.Response, m.Additionals = true, nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
					Body:   &dnsmessage.AResource{A: address()},
				}}
			}
			if answer, err := m.Pack(); err == nil {
				server.WriteTo(answer, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}
