package deliveries

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"campaignlark/models"

	"code.dny.dev/ssrf"
	"golang.org/x/net/idna"
)

// errAddress is the error of a connection to an address where deliveries must not go.
var errAddress = errors.New("the address is not allowed")

// check returns errAddress for an address where a delivery must not go.
type check func(netip.Addr) error

// allowedOnly lets deliveries go to the networks of OUTBOUND_ALLOW and nowhere else.
func allowedOnly(allow []netip.Prefix) check {
	return func(address netip.Addr) error {
		for _, network := range allow {
			if network.Contains(address) {
				return nil
			}
		}
		return errAddress
	}
}

// publicOrAllowed lets deliveries go to the internet too. It refuses the special networks that IANA lists: loopback, private, link-local,
// shared, multicast and reserved ones, and the IPv6 forms of IPv4 addresses.
func publicOrAllowed(allow []netip.Prefix) check {
	guardian, allowed := ssrf.New(ssrf.WithAnyPort()), allowedOnly(allow)
	return func(address netip.Addr) error {
		if allowed(address) == nil || guardian.SafeAddr(address) == nil {
			return nil
		}
		return errAddress
	}
}

// dialer connects to the addresses that may passes. It looks at each one after the name was resolved and right before the connection, so
// a name that resolves differently the next time makes no difference.
func dialer(may check, resolve *net.Resolver) func(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Resolver: resolve, KeepAlive: 15 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return errAddress
		}
		return may(to.Addr())
	}}
	return d.DialContext
}

// What CheckURL says.
var (
	errURLSyntax   = errors.New("Enter a whole address, such as https://crm.example.com/events.")
	errURLLong     = errors.New("An address has at most " + strconv.Itoa(models.MaxDestinationURL) + " characters.")
	errURLScheme   = errors.New("The address must start with https://, so that nobody on the way can read what is sent.")
	errURLUser     = errors.New("Leave the user name and the password out of the address. A header of the destination can hold them.")
	errURLPort     = errors.New("The port must be a number from 1 to 65535.")
	errURLNumber   = errors.New("Write an IP address in its usual form, such as 93.184.215.14.")
	errURLInternal = errors.New("This address is inside a private network or on this machine. Deliveries go only to the internet, and to networks that OUTBOUND_ALLOW names.")
	errURLPlain    = errors.New("Plain http is only possible to networks that OUTBOUND_ALLOW names, so that nobody on the way can read what is sent. Use https.")
	errURLGroup    = errors.New("This is a multicast address: it stands for a group of machines. A delivery goes to one.")
	errURLExample  = errors.New("This address is only for examples in documentation: no machine has it.")
	errURLReserved = errors.New("This address is reserved: no machine on the internet has it.")
)

// CheckURL checks the form of a destination's URL. allow has the networks of OUTBOUND_ALLOW. The error is a sentence for the form. A name
// may still resolve to an address that is refused when a delivery connects.
func CheckURL(text string, allow ...netip.Prefix) error {
	if len(text) > models.MaxDestinationURL {
		return errURLLong
	}
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.Hostname() == "" {
		return whyNoURL(text)
	}
	switch {
	case u.Scheme != "https" && (u.Scheme != "http" || len(allow) == 0):
		return errURLScheme
	case u.User != nil:
		return errURLUser
	}
	if port, err := strconv.ParseUint(u.Port(), 10, 16); strings.HasSuffix(u.Host, ":") || u.Port() != "" && (err != nil || port == 0) {
		return errURLPort
	}
	err = checkHost(u.Hostname(), publicOrAllowed(allow))
	if err == nil && u.Scheme == "http" && checkHost(u.Hostname(), allowedOnly(allow)) != nil {
		return errURLPlain
	}
	return err
}

// URLHint says what cannot be known of an address before a delivery goes there; "" for nothing.
func URLHint(text string, allow ...netip.Prefix) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" || CheckURL(text, allow...) != nil {
		return ""
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil || strings.HasSuffix(u.Hostname(), "localhost") {
		return ""
	}
	return "The address begins with http and has a name. Messages go there only if the name leads into a network that OUTBOUND_ALLOW names. Send a test to see whether it does."
}

// PlainWarning warns of an address whose messages can be read on the way; "" for another.
func PlainWarning(text string) string {
	if u, err := url.Parse(text); err != nil || u.Scheme != "http" {
		return ""
	}
	return "The address begins with http, so what is sent can be read on the way. Use https unless this is a test."
}

// whyNoURL explains why url.Parse does not read text.
func whyNoURL(text string) error {
	rest, isURL := strings.CutPrefix(text, "https://")
	host, _, _ := strings.Cut(rest, "/")
	if _, port, found := strings.Cut(host, ":"); isURL && found && !strings.ContainsAny(host, "[]@%") && !strings.Contains(port, ":") && !strings.HasPrefix(host, ":") {
		return errURLPort
	}
	return errURLSyntax
}

// checkHost refuses IP addresses that may does not pass, and names that always mean this machine. Browsers and C libraries also read
// 0x7f.1, 0177.0.0.1 and 2130706433 as IP addresses; those are refused in any case.
func checkHost(host string, may check) error {
	if strings.Contains(host, ":") {
		address, err := netip.ParseAddr(host)
		if err != nil {
			return errURLSyntax
		}
		return refused(address, may)
	}
	name, err := idna.Lookup.ToASCII(strings.TrimSuffix(host, "."))
	if err != nil && !isASCII(host) || strings.ContainsAny(host, " \\\"<>^`{|}%") || strings.Contains(host, "..") || strings.HasPrefix(host, ".") {
		return errURLSyntax
	}
	if err != nil { // a name with an underscore, which exists
		name = strings.ToLower(strings.TrimSuffix(host, "."))
	}
	if address, err := netip.ParseAddr(name); err == nil {
		return refused(address, may)
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	switch {
	case strings.Trim(last, "0123456789") == "", strings.HasPrefix(last, "0x"):
		return errURLNumber
	case last == "localhost":
		return refused(netip.MustParseAddr("127.0.0.1"), may)
	}
	return nil
}

// examples are the networks for documentation, and unused those that nobody has on the internet.
var (
	examples = prefixes("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "233.252.0.0/24", "2001:db8::/32", "3fff::/20")
	unused   = prefixes("240.0.0.0/4", "198.18.0.0/15", "192.0.0.0/24", "100::/64")
)

func prefixes(all ...string) (networks []netip.Prefix) {
	for _, text := range all {
		networks = append(networks, netip.MustParsePrefix(text))
	}
	return networks
}

// refused says why may does not pass an address; nil if it does.
func refused(address netip.Addr, may check) error {
	in := func(networks []netip.Prefix) bool {
		return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(address.Unmap().WithZone("")) })
	}
	switch {
	case may(address) == nil:
		return nil
	case in(examples):
		return errURLExample
	case address.IsMulticast():
		return errURLGroup
	case in(unused) && address != netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return errURLReserved
	}
	return errURLInternal
}

func isASCII(text string) bool {
	for _, r := range text {
		if r > 0x7e {
			return false
		}
	}
	return true
}
