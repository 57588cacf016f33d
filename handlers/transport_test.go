package handlers

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"campaignlark/intake"
	"campaignlark/models"

	"github.com/valyala/fasthttp"
)

// rawCase is a request as it goes over the wire.
type rawCase struct {
	name, raw string
	then      ending
	status    int
	why       refusal // zero if the request reaches its handler
	hash      bool    // a webhook's hash can be read from it
}

// ending is what a client does when it has sent what it has.
type ending int

const (
	halfClose ending = iota // ends its half of the connection
	silent                  // waits
	dribble                 // has sent byte by byte
)

// refusals counts the reasons that a server told.
type refusals struct {
	mu  sync.Mutex
	all map[RefusalReason]int
}

func (r *refusals) add(reason RefusalReason) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all[reason]++
}

// countRefusals counts the site's refusals from now on.
func (s *site) countRefusals() *refusals {
	r := &refusals{all: map[RefusalReason]int{}}
	s.server.Refused = r.add
	return r
}

// badHeads are first lines and headers that are refused before the body. VERB, URL and HOST stand for what the case fills in.
var badHeads = []struct {
	name, head string
	why        refusal
}{
	{"a blank in the URL", "VERB URL?first_name=A B HTTP/1.1\r\nHOST\r\n\r\n", urlBlank},
	{"blanks around the URL", "VERB  URL HTTP/1.1\r\nHOST\r\n\r\n", requestLine},
	{"a blank at the end", "VERB URL HTTP/1.1 \r\nHOST\r\n\r\n", requestLine},
	{"a fragment", "VERB URL#top HTTP/1.1\r\nHOST\r\n\r\n", urlHash},
	{"NUL in the URL", "VERB URL?a=\x00 HTTP/1.1\r\nHOST\r\n\r\n", urlControl},
	{"a tab in the URL", "VERB URL?a=\tb HTTP/1.1\r\nHOST\r\n\r\n", urlControl},
	{"DEL in the URL", "VERB URL?a=\x7f HTTP/1.1\r\nHOST\r\n\r\n", urlControl},
	{"a whole URL of another scheme", "VERB ftp://aURL HTTP/1.1\r\nHOST\r\n\r\n", urlAbsolute},
	{"a whole URL without a host", "VERB http://URL HTTP/1.1\r\nHOST\r\n\r\n", urlAbsolute},
	{"a whole URL with a user", "VERB http://jo:secret@aURL HTTP/1.1\r\nHOST\r\n\r\n", urlAbsolute},
	{"a whole URL with half an address as host", "VERB http://[::1URL HTTP/1.1\r\nHOST\r\n\r\n", badHost},
	{"a whole URL with a port of letters", "VERB http://a:bURL HTTP/1.1\r\nHOST\r\n\r\n", badHost},
	{"a whole URL with a fragment", "VERB http://aURL#top HTTP/1.1\r\nHOST\r\n\r\n", urlHash},
	{"a whole URL with a blank", "VERB http://aURL?a=b c HTTP/1.1\r\nHOST\r\n\r\n", urlBlank},
	{"a whole URL and no Host header", "VERB http://aURL HTTP/1.1\r\nX-A: 1\r\n\r\n", noHost},
	{"no slash before the path", "VERB aURL HTTP/1.1\r\nHOST\r\n\r\n", urlAbsolute},
	{"no version", "VERB URL\r\nHOST\r\n\r\n", requestLine},
	{"a version in small letters", "VERB URL http/1.1\r\nHOST\r\n\r\n", requestLine},
	{"version 11", "VERB URL HTTP/11\r\nHOST\r\n\r\n", requestLine},
	{"a bad verb", "VE{RB URL HTTP/1.1\r\nHOST\r\n\r\n", requestLine},
	{"a long URL", "VERB URL?a=" + strings.Repeat("%C3%A9", 3000) + " HTTP/1.1\r\nHOST\r\n\r\n", headTooLarge},
	{"a long header", "VERB URL HTTP/1.1\r\nHOST\r\nX-A: " + strings.Repeat("a", 17<<10) + "\r\n\r\n", headTooLarge},
	{"101 headers", "VERB URL HTTP/1.1\r\nHOST\r\n" + strings.Repeat("X-A: 1\r\n", 100) + "\r\n", tooManyHeaders},
	{"two types", "VERB URL HTTP/1.1\r\nHOST\r\nContent-Type: a/b\r\ncontent-type: a/b\r\n\r\n", repeatedHeader("Content-Type")},
	{"two encodings", "VERB URL HTTP/1.1\r\nHOST\r\nContent-Encoding: gzip\r\nContent-Encoding: gzip\r\n\r\n", repeatedHeader("Content-Encoding")},
	{"two hosts", "VERB URL HTTP/1.1\r\nHOST\r\nHOST\r\n\r\n", repeatedHeader("Host")},
	{"two equal lengths", "VERB URL HTTP/1.1\r\nHOST\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", repeatedHeader("Content-Length")},
	{"two other lengths", "VERB URL HTTP/1.1\r\nHOST\r\nContent-Length: 2\r\nContent-Length: 0\r\n\r\n{}", repeatedHeader("Content-Length")},
	{"no host", "VERB URL HTTP/1.1\r\nX-A: 1\r\n\r\n", noHost},
	{"an empty host", "VERB URL HTTP/1.1\r\nHost:\r\n\r\n", noHost},
	{"a blank in the host", "VERB URL HTTP/1.1\r\nHost: a b\r\n\r\n", badHost},
	{"half an address as host", "VERB URL HTTP/1.1\r\nHost: [::1\r\n\r\n", badHost},
	{"no colon", "VERB URL HTTP/1.1\r\nHOST\r\nX-A\r\n\r\n", headerColon},
	{"no name", "VERB URL HTTP/1.1\r\nHOST\r\n: 1\r\n\r\n", headerName},
	{"a blank in a name", "VERB URL HTTP/1.1\r\nHOST\r\nX A: 1\r\n\r\n", headerName},
	{"a blank before the colon", "VERB URL HTTP/1.1\r\nHOST\r\nContent-Length : 2\r\n\r\n{}", headerName},
	{"a letter outside ASCII in a name", "VERB URL HTTP/1.1\r\nHOST\r\nX-É: 1\r\n\r\n", headerName},
	{"NUL in a value", "VERB URL HTTP/1.1\r\nHOST\r\nX-A: a\x00b\r\n\r\n", headerControl},
	{"a carriage return in a value", "VERB URL HTTP/1.1\r\nHOST\r\nX-A: a\rb\r\n\r\n", headerControl},
	{"a folded header", "VERB URL HTTP/1.1\r\nHOST\r\nX-A: a\r\n b\r\n\r\n", headerFolded},
	{"a blank before the first header", "VERB URL HTTP/1.1\r\n HOST\r\n\r\n", headerFolded},
	{"a trailer that may not be one", "VERB URL HTTP/1.1\r\nHOST\r\nTrailer: Content-Length\r\n\r\n", headerTrailer},
	{"a negative length", "VERB URL HTTP/1.1\r\nHOST\r\nContent-Length: -5\r\n\r\n", badLength},
	{"a length with a sign", "VERB URL HTTP/1.1\r\nHOST\r\nContent-Length: +5\r\n\r\n12345", badLength},
	{"a length in hexadecimal digits", "VERB URL HTTP/1.1\r\nHOST\r\nContent-Length: 0x5\r\n\r\n12345", badLength},
	{"two lengths in one", "VERB URL HTTP/1.1\r\nHOST\r\nContent-Length: 2, 2\r\n\r\n{}", badLength},
	{"no length", "VERB URL HTTP/1.1\r\nHOST\r\nContent-Length:\r\n\r\n", badLength},
	{"a length of 24 digits", "VERB URL HTTP/1.1\r\nHOST\r\nContent-Length: 999999999999999999999999\r\n\r\n", badLength},
	{"a length and chunks", "VERB URL HTTP/1.1\r\nHOST\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", twoLengths},
	{"chunks and a length", "VERB URL HTTP/1.1\r\nHOST\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", twoLengths},
	{"another encoding", "VERB URL HTTP/1.1\r\nHOST\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", badEncoding},
	{"chunks and another encoding", "VERB URL HTTP/1.1\r\nHOST\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", badEncoding},
	{"a control character before chunked", "VERB URL HTTP/1.1\r\nHOST\r\nTransfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n", headerControl},
	{"a control character before a name", "VERB URL HTTP/1.1\r\nHOST\r\n\vTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", headerName},
	{"a blank after Transfer-Encoding", "VERB URL HTTP/1.1\r\nHOST\r\nContent-Length: 2\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", headerName},
	{"a length and no encoding", "VERB URL HTTP/1.1\r\nHOST\r\nContent-Length: 2\r\nTransfer-Encoding: identity\r\n\r\n{}", twoLengths},
	{"two transfer encodings", "VERB URL HTTP/1.1\r\nHOST\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", badEncoding},
	{"chunks in HTTP/1.0", "VERB URL HTTP/1.0\r\nHOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", badEncoding},
	{"half a head", "VERB URL HTTP/1.1\r\nHOST\r\nX-A", headBroke},
	{"a head without its empty line", "VERB URL HTTP/1.1\r\nHOST\r\n", headBroke},
	{"bare line feeds", "VERB URL HTTP/1.1\nHOST\n\n", bareLines},
	{"a bare line feed before the empty line", "VERB URL HTTP/1.1\r\nHOST\n\r\n", bareLines},
	{"a bare line feed as the empty line", "VERB URL HTTP/1.1\r\nHOST\r\n\n", bareLines},
	{"bare line feeds and a body", "VERB URL HTTP/1.1\nHOST\nContent-Length: 4\n\n\r\n\r\n", bareLines},
	{"bare line feeds and another request", "VERB URL HTTP/1.1\nHOST\n\nGET /healthz HTTP/1.1\r\nHOST\r\n\r\n", bareLines},
	{"bare line feeds and many headers", "VERB URL HTTP/1.1\nHOST\n" + strings.Repeat("X-A: 1\n", 90) + "\n", bareLines},
	{"bare line feeds and no headers", "VERB URL HTTP/1.1\n\n", bareLines},
}

// badBodies are bodies that are refused, with the headers that announce them.
var badBodies = []struct {
	name, headers, body string
	then                ending
	why                 refusal
}{
	{"half a body", "Content-Length: 500", `{"email_address": "jo@example.test"}`, halfClose, broke("after 36 of 500 bytes")},
	{"none of a body", "Content-Length: 500", "", halfClose, broke("after 0 of 500 bytes")},
	{"half a body after 100", "Expect: 100-continue\r\nContent-Length: 500", "{", halfClose, broke("after 1 of 500 bytes")},
	{"half a multipart body", "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 500", "--b\r\nContent-Disposition: form-data; name=\"email_address\"\r\n\r\njo@", halfClose, broke("after 64 of 500 bytes")},
	{"no chunk", "Transfer-Encoding: chunked", "", halfClose, broke("before its last chunk")},
	{"half a chunk's size", "Transfer-Encoding: chunked", "1", halfClose, broke("before its last chunk")},
	{"half a chunk", "Transfer-Encoding: chunked", "5\r\n{", halfClose, broke("before its last chunk")},
	{"no last chunk", "Transfer-Encoding: chunked", "2\r\n{}\r\n", halfClose, broke("before its last chunk")},
	{"half a trailer", "Transfer-Encoding: chunked", "2\r\n{}\r\n0\r\nX-A: 1\r\n", halfClose, broke("before its last chunk")},
	{"a chunk's size that is no number", "Transfer-Encoding: chunked", "zz\r\n{}\r\n0\r\n\r\n", halfClose, brokenChunk},
	{"a negative chunk", "Transfer-Encoding: chunked", "-2\r\n{}\r\n0\r\n\r\n", halfClose, brokenChunk},
	{"a chunk's size of 17 digits", "Transfer-Encoding: chunked", "10000000000000002\r\n{}\r\n0\r\n\r\n", halfClose, brokenChunk},
	{"a chunk's size with a blank before it", "Transfer-Encoding: chunked", " 2\r\n{}\r\n0\r\n\r\n", halfClose, brokenChunk},
	{"a bare line feed after a chunk's size", "Transfer-Encoding: chunked", "2\n{}\r\n0\r\n\r\n", halfClose, brokenChunk},
	{"a line feed in a chunk's extension", "Transfer-Encoding: chunked", "2;a\nb\r\n{}\r\n0\r\n\r\n", halfClose, brokenChunk},
	{"a chunk longer than its size", "Transfer-Encoding: chunked", "1\r\n{}\r\n0\r\n\r\n", halfClose, brokenChunk},
	{"a forbidden trailer", "Transfer-Encoding: chunked", "2\r\n{}\r\n0\r\nContent-Length: 2\r\n\r\n", halfClose, brokenTrailer},
	{"a length over 4 MiB", "Content-Length: 5000000", "", halfClose, bodyTooLarge},
	{"a chunk over 4 MiB", "Transfer-Encoding: chunked", "5000000\r\n", halfClose, broke("before its last chunk")},
	{"a body that stops", "Content-Length: 500", "{", silent, late("Only 1 of 500 bytes of the body")},
	{"chunks that stop", "Transfer-Encoding: chunked", "2\r\n{}\r\n", silent, late("Not all chunks of the body")},
	{"a chunk's size that stops", "Transfer-Encoding: chunked", "2", silent, late("Not all chunks of the body")},
	{"a trailer that stops", "Transfer-Encoding: chunked", "2\r\n{}\r\n0\r\n", silent, late("Not all chunks of the body")},
}

// testTimeout is how long a request of the test may take.
const testTimeout = 4 * time.Second

// headBroke is the refusal of half a head, broke that of half a body, and late that of a request that stops.
var headBroke = refusal{refusedBrokenOff, "The request broke off before the end of its URL and headers. Send the request again."}

func broke(where string) refusal {
	return refusal{refusedBrokenOff, "The body broke off " + where + ". Send the request again."}
}

func late(what string) refusal {
	return refusal{refusedTimeout, what + " had come after " + strconv.Itoa(int(testTimeout.Seconds())) + " seconds. Send the request again."}
}

// rawCases are bad requests of every kind to a webhook, and good ones that are written unusually.
func rawCases(hash string) []rawCase {
	at := inboundPrefix + hash
	fill := func(text, verb, url string) string {
		return strings.NewReplacer("VERB", verb, "URL", url, "HOST", "Host: lark.example").Replace(text)
	}
	var cases []rawCase
	for _, verb := range []string{"GET", "POST", "HEAD", "BREW"} {
		for _, bad := range badHeads {
			cases = append(cases, rawCase{verb + " with " + bad.name, fill(bad.head, verb, at), halfClose, 400, bad.why, true})
		}
		for _, bad := range badBodies {
			raw := fill("VERB URL HTTP/1.1\r\nHOST\r\n", verb, at) + bad.headers + "\r\n\r\n" + bad.body
			cases = append(cases, rawCase{verb + " with " + bad.name, raw, bad.then, bad.why.status(), bad.why, true})
		}
	}
	for url, readable := range map[string]bool{
		"/V1/inbound-webhooks/" + hash: true, "//v1/inbound-webhooks/" + hash: true, "/v1//inbound-webhooks/" + hash: true, "/v1/inbound-webhooks//" + hash: true,
		"/v1/Inbound-Webhooks/" + hash: true, at + "/": true, at + "/more": true, "/v1/inbound%2Dwebhooks/" + hash: true,
		"/api/v1/inbound-webhooks/" + hash: true, "/v2/inbound-webhooks/" + hash: true, "/inbound-webhooks/" + hash: true, "/v1/inbound_webhooks/" + hash: true, "/v1/./inbound-webhooks/" + hash: true,
		"/v1/../v1/inbound-webhooks/" + hash: true, `/v1\inbound-webhooks\` + hash: true, "/v1/inbound-webhooks/./" + hash: true, "/v1%2Finbound-webhooks%2F" + hash: true, "/v1/x/Inbound_webhooks/" + hash + "/": true,
		"http://lark.example/api/inbound-webhooks/" + hash: true, "/v1/inbound-webhook/" + hash: true, "/v1/inbound%20webhooks/" + hash: true, "/inbound-webhooks": false, "/api/v1/inbound-webhooks/": false,
		"/v1/inbound-webhooks": false, "/v1/inbound-webhooks/": false, "/V1/inbound-webhooks/" + models.NewHash(): false, "/v1/inbound-webhooks/%00/x": false,
	} {
		length := "VERB URL HTTP/1.1\r\nHOST\r\nContent-Length: 2\r\n\r\n{}"
		cases = append(cases,
			rawCase{"a GET of " + url, fill("VERB URL HTTP/1.1\r\nHOST\r\n\r\n", "GET", url), halfClose, 404, urlDiffers, readable},
			rawCase{"a POST to " + url, fill(length, "POST", url), halfClose, 404, urlDiffers, readable},
			rawCase{"an OPTIONS of " + url, fill(length, "OPTIONS", url), halfClose, 404, urlDiffers, false},
			rawCase{"a PUT to " + url, fill(length, "PUT", url), halfClose, 405, otherMethod, false},
			rawCase{"a BREW of " + url, fill(length, "BREW", url), halfClose, 405, otherMethod, false},
		)
		for _, bad := range badHeads[:6] {
			cases = append(cases, rawCase{"a POST to " + url + " with " + bad.name, fill(bad.head, "POST", url), halfClose, 400, bad.why, readable})
		}
		for _, bad := range badBodies[:6] {
			raw := fill("VERB URL HTTP/1.1\r\nHOST\r\n", "POST", url) + bad.headers + "\r\n\r\n" + bad.body
			cases = append(cases, rawCase{"a POST to " + url + " with " + bad.name, raw, bad.then, 400, bad.why, readable})
		}
	}
	const post = "VERB URL HTTP/1.1\r\nHOST\r\nContent-Type: application/json\r\n"
	for _, verb := range []string{"HEAD", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "QUERY", "get"} {
		cases = append(cases, rawCase{verb, fill("VERB URL HTTP/1.1\r\nHOST\r\n\r\n", verb, at), halfClose, 405, otherMethod, false})
	}
	for _, good := range []rawCase{
		{"without a Host in HTTP/1.0", "VERB URL HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}", halfClose, 400, refusal{}, true},
		{"in HTTP/2.0", "VERB URL HTTP/2.0\r\nContent-Length: 2\r\n\r\n{}", halfClose, 400, refusal{}, true},
		{"with chunks in capital letters", post + "transfer-encoding: CHUNKED\r\n\r\n2\r\n{}\r\n0\r\n\r\n", halfClose, 400, refusal{}, true},
		{"with a chunk's extension", post + "Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\n\r\n", halfClose, 400, refusal{}, true},
		{"with a trailer", post + "Transfer-Encoding: chunked\r\nTrailer: X-A\r\n\r\n2\r\n{}\r\n0\r\nX-A: 1\r\n\r\n", halfClose, 400, refusal{}, true},
		{"with bare line feeds", "VERB URL HTTP/1.1\nHOST\nContent-Length: 2\r\n\r\n{}", halfClose, 400, refusal{}, true},
		{"after empty lines", "\r\n\r\n" + post + "Content-Length: 2\r\n\r\n{}", halfClose, 400, refusal{}, true},
		{"byte by byte", post + "Content-Length: 2\r\n\r\n{}", dribble, 400, refusal{}, true},
		{"with a second request after it", post + "Content-Length: 2\r\n\r\n{}" + "G\x00T URL HTTP/1.1\r\n\r\n", silent, 400, requestLine, true},
		{"by its whole URL", "VERB http://lark.exampleURL HTTP/1.1\r\nHOST\r\nContent-Length: 2\r\n\r\n{}", halfClose, 400, refusal{}, true},
		{"by its whole URL in capital letters", "VERB HTTPS://LARK.example:8443URL?a=http://b HTTP/1.1\r\nHost: other.example\r\nContent-Length: 2\r\n\r\n{}", halfClose, 400, refusal{}, true},
		{"by its whole URL, with half a body", "VERB http://lark.exampleURL HTTP/1.1\r\nHOST\r\nContent-Length: 9\r\n\r\n{}", halfClose, 400, broke("after 2 of 9 bytes"), true},
		{"with bare line feeds, then nothing", "VERB URL HTTP/1.1\nHOST\n\n", silent, 400, bareLines, true},
		{"with bare line feeds, byte by byte", "VERB URL HTTP/1.1\nHOST\n\n", dribble, 400, bareLines, true},
		{"with bare line feeds after empty lines", "\r\n\n\r\n\r\nVERB URL HTTP/1.1\nHOST\n\n", silent, 400, bareLines, true},
		{"with bare line feeds in a second request", post + "Content-Length: 2\r\n\r\n{}" + "VERB URL HTTP/1.1\nHOST\n\n", halfClose, 400, bareLines, true},
		{"with empty lines in its body", post + "Content-Length: 10\r\n\r\n{\n\n\n\r\n\r\n\n}", silent, 400, refusal{}, true},
		{"with half a head, then nothing", post, silent, 408, late("Not all of the URL and the headers"), true},
		{"with half a line, then nothing", "VERB URL", silent, 408, late("Not all of the URL and the headers"), true},
	} {
		good.name, good.raw = "a POST "+good.name, fill(good.raw, "POST", at)
		cases = append(cases, good)
	}
	return cases
}

// TestEveryBadRequestIsAnsweredCountedAndLogged sends some hundred requests over sockets: malformed, ambiguous, half, slow and too
// large ones, at all spellings of the endpoint's URL. Each gets the envelope, is counted with its reason, and leaves a row if the
// webhook's hash can be read.
func TestEveryBadRequestIsAnsweredCountedAndLogged(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w, counted := s.addWebhook(models.TypeSubscribed), s.countRefusals()
		s.server.app.Server().ReadTimeout = testTimeout
		addr, cases := s.listen(), rawCases(w.Hash)
		answers := make([]answer, len(cases))
		var all sync.WaitGroup
		places := make(chan struct{}, 64)
		for i, c := range cases {
			all.Go(func() {
				places <- struct{}{}
				defer func() { <-places }()
				answers[i] = c.send(t, addr)
			})
		}
		all.Wait()
		rows := map[string]models.WebhookRequest{}
		for _, row := range s.logged() {
			rows[row.ID.String()] = row
		}
		want, table, logged := map[RefusalReason]int{}, map[string]int{}, 0
		for i, c := range cases {
			if c.why.reason != "" {
				want[c.why.reason]++
			}
			table[fmt.Sprintf("%d %s", answers[i].status, c.why.reason)]++
			row, found := rows[answers[i].requestID()]
			c.check(t, answers[i], row, found)
			if found {
				logged++
			}
		}
		if got := counted.all; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got the counts %v, want %v", got, want)
		}
		if s.contact("jo@example.test") != nil {
			t.Error("a request that was refused was acted on")
		}
		var lines []string
		for name, n := range table {
			lines = append(lines, fmt.Sprintf("%4d  %s", n, name))
		}
		slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[6:], b[6:]) })
		t.Logf("%d requests, %d rows\n%s", len(cases), logged, strings.Join(lines, "\n"))
	})
}

// send sends the request on a new connection and returns its answer, the last one if there are several.
func (c rawCase) send(t *testing.T, addr string) answer {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Error(err)
		return answer{}
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	go func() {
		switch c.then {
		case dribble:
			for i := range c.raw {
				io.WriteString(conn, c.raw[i:i+1])
			}
		default:
			io.WriteString(conn, c.raw)
		}
		if c.then == halfClose {
			conn.(*net.TCPConn).CloseWrite()
		}
	}()
	method, _, _ := strings.Cut(c.raw, " ")
	var last answer
	for in := bufio.NewReader(conn); ; {
		w, err := http.ReadResponse(in, &http.Request{Method: method})
		if err != nil {
			if last.status == 0 {
				t.Errorf("%s: no answer: %v", c.name, err)
			}
			return last
		}
		body, err := io.ReadAll(w.Body)
		if method == "HEAD" && w.StatusCode != http.StatusContinue {
			body, _ = io.ReadAll(in) // all bytes after the headers
		}
		if err != nil {
			t.Errorf("%s: half an answer: %v", c.name, err)
			return last
		}
		if last = (answer{w.StatusCode, w.Header, string(body)}); w.Close || c.then == dribble {
			return last
		}
	}
}

// check compares an answer and its row in the log with what the case wants.
func (c rawCase) check(t *testing.T, a answer, row models.WebhookRequest, logged bool) {
	t.Helper()
	for name, want := range map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: got %s %q, want %q", c.name, name, got, want)
		}
	}
	var body map[string]any
	err := json.Unmarshal([]byte(a.body), &body)
	message, _ := body["message"].(string)
	head := strings.HasPrefix(c.raw, "HEAD ")
	if head {
		message = c.why.message
	}
	if a.status != c.status || !head && (err != nil || len(body) != 2 || message == "" || body["success"] != false) || len(a.requestID()) != 36 {
		t.Errorf("%s: got %d %q and X-Request-Id %q, want the envelope with %d", c.name, a.status, a.body, a.requestID(), c.status)
	}
	if head && a.body != "" {
		t.Errorf("%s: got the body %q, want none", c.name, a.body)
	}
	if c.why.message != "" && message != c.why.message {
		t.Errorf("%s: got %q, want %q", c.name, message, c.why.message)
	}
	if logged != c.hash {
		t.Errorf("%s: got a row: %v, want %v", c.name, logged, c.hash)
	}
	if !logged {
		return
	}
	story, err := intake.DecodeLogBody(row.Body)
	if err != nil || story.Message != message || story.Payload != "" && c.why.reason != "" || row.Status != c.status || row.Address != nil {
		t.Errorf("%s: got the row %d %s %q (%v), want the answer %q without a payload", c.name, row.Status, row.Outcome, story.Message, err, message)
	}
	if c.why.reason != "" && row.Outcome != c.why.outcome() {
		t.Errorf("%s: got the outcome %s, want %s", c.name, row.Outcome, c.why.outcome())
	}
}

// talk sends the texts one after the other on one connection, each after the answer to the one before it, ends its half and returns the
// last answer.
func talk(t *testing.T, addr string, wait time.Duration, texts ...string) answer {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	in := bufio.NewReader(conn)
	var a answer
	for i, text := range texts {
		if i > 0 {
			<-time.After(wait)
		}
		io.WriteString(conn, text)
		if i == len(texts)-1 && wait == 0 {
			conn.(*net.TCPConn).CloseWrite()
		}
		w, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("no answer to %.80q: %v", text, err)
		}
		body, _ := io.ReadAll(w.Body)
		a = answer{w.StatusCode, w.Header, string(body)}
	}
	return a
}

// TestBrokenBodyIsCountedWithinItsRequest sends half a body after other requests of the same connection.
func TestBrokenBodyIsCountedWithinItsRequest(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		addr := s.listen()
		head := "POST " + inboundPrefix + w.Hash + " HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
		whole, half := head+"Content-Length: 2\r\n\r\n{}", head+"Content-Length: 1500\r\n\r\n"+strings.Repeat(" ", 1200)
		wants := map[string]int64{} // from the ids of the answers
		for _, c := range []struct {
			answer answer
			where  string
			size   int64
		}{
			{talk(t, addr, 0, half), " after 1,200 of 1,500 bytes", 1200},
			{talk(t, addr, 0, whole, half), " after 1,200 of 1,500 bytes", 1200},
			{talk(t, addr, 0, whole, whole, half), " after 1,200 of 1,500 bytes", 1200},
			{talk(t, addr, 0, "\r\n"+half), "", 0},
			{talk(t, addr, 0, whole+half[:20], half[20:]), "", 0},
			{rawCase{name: "two in one packet", raw: whole + half}.send(t, addr), "", 0},
		} {
			c.answer.wantEnvelope(t, 400, "The body broke off"+c.where+". Send the request again.")
			wants[c.answer.requestID()] = c.size
		}
		for _, row := range s.logged() {
			if size, broken := wants[row.ID.String()]; broken && row.Size != size {
				t.Errorf("got the size %d, want %d", row.Size, size)
			}
		}
	})
}

// TestTimeoutIsAnsweredAfterAnEarlierAnswer lets the deadline for the first answer of a connection pass before the second request stops.
func TestTimeoutIsAnsweredAfterAnEarlierAnswer(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		s.server.app.Server().ReadTimeout, s.server.app.Server().WriteTimeout = testTimeout, 100*time.Millisecond
		head := "POST " + inboundPrefix + w.Hash + " HTTP/1.1\r\nHost: a\r\nContent-Length: "
		talk(t, s.listen(), time.Millisecond, head+"2\r\n\r\n{}", head+"9\r\n\r\n{").wantEnvelope(t, 408, late("Only 1 of 9 bytes of the body").message)
		rows := s.logged()
		slices.SortFunc(rows, func(a, b models.WebhookRequest) int { return b.Status - a.Status })
		if took := time.Duration(rows[0].DurationUs) * time.Microsecond; len(rows) != 2 || took < testTimeout*9/10 || took > testTimeout*10 {
			t.Errorf("got %d rows, and %s for the one that stopped; want 2 and about %s", len(rows), took, testTimeout)
		}
	})
}

// TestRefusedRequestsWithoutADatabase checks that a request that cannot be read gets its own answer, not a 503, when the log cannot be
// written.
func TestRefusedRequestsWithoutADatabase(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w, counted := s.addWebhook(models.TypeSubscribed), s.countRefusals()
		addr := s.listen()
		raw := "GET " + inboundPrefix + w.Hash + "?a=b c HTTP/1.1\r\nHost: a\r\n\r\n"
		send(t, addr, raw).wantEnvelope(t, 400, urlBlank.message)
		s.db.Close()
		send(t, addr, raw).wantEnvelope(t, 400, urlBlank.message)
		if counted.all[refusedURL] != 2 {
			t.Errorf("got %v, want two", counted.all)
		}
	})
}

// TestRefusedRequestIsExplained reads the pages of a request that broke off and of one whose URL is not exact.
func TestRefusedRequestIsExplained(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		addr := s.listen()
		half := "POST " + inboundPrefix + w.Hash + " HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nUser-Agent: Till/1\r\nContent-Length: 500\r\n\r\n" + `{"email_address": "jo@example.test", 1`
		broken := sendHalf(t, addr, half)
		s.get("/w/books/requests").want(t, 200, "The request was damaged", "The body broke off after 38 of 500 bytes", "POST JSON")
		s.get("/w/books/requests?outcome=malformed").want(t, 200, "The body broke off after 38 of 500 bytes")
		page := s.get("/w/books/requests/" + broken.requestID())
		page.want(t, 200, "Refused: the request was damaged", "If this happens again, tell the people who run the sender", "The body broke off after 38 of 500 bytes", "POST JSON, 38 bytes, from the address 127.0.0.1", "Till/1", "HTTP 400")
		page.wantNot(t, "jo@example.test", "(nothing was sent)")
		differs := sendHalf(t, addr, "POST /V1/inbound-webhooks/"+w.Hash+" HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
		differs.wantEnvelope(t, 404, intake.MessageNoWebhook)
		s.get("/w/books/requests/"+differs.requestID()).want(t, 200, "Refused: the URL is not exactly the webhook’s", "Copy the webhook’s URL", "Open webhook", "capital letters", "HTTP 404")
		blank := send(t, addr, "GET "+inboundPrefix+w.Hash+"?a=b c HTTP/1.1\r\nHost: a\r\nUser-Agent: Till/2\r\n\r\n")
		s.get("/w/books/requests/"+blank.requestID()).want(t, 200, "Refused: the request was damaged", "The URL holds a blank. Write it as %20.", "Till/2")
		noor := s.as(s.signIn(s.addStaff("noor@support.example")))
		for more, message := range map[string]string{
			"X-A: " + strings.Repeat("a", 17<<10) + "\r\n": headTooLarge.message, strings.Repeat("X-A: 1\r\n", 100): tooManyHeaders.message,
		} {
			long := send(t, addr, "GET "+inboundPrefix+w.Hash+" HTTP/1.1\r\nHost: a\r\n"+more+"\r\n")
			for _, page := range []answer{s.get("/w/books/requests/" + long.requestID()), noor.get("/support/requests/" + long.requestID())} {
				page.want(t, 200, "Refused: the request was too long", "The call stopped here: the request was too long", "Tell the people who run the sender", message)
				page.wantNot(t, "damaged", "If this happens again")
			}
		}
		s.get("/w/books/requests").want(t, 200, "The request was damaged or too long", headTooLarge.message, tooManyHeaders.message)
	})
}

// TestRefusedHeadNamesItsClient behind a trusted proxy.
func TestRefusedHeadNamesItsClient(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.server.Config.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		w := s.addWebhook(models.TypeSubscribed)
		addr := s.listen()
		for _, raw := range []string{
			"GET " + inboundPrefix + w.Hash + "?a=b c HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n",
			"POST " + inboundPrefix + w.Hash + " HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.7\r\nContent-Length: 9\r\n\r\n{",
			"POST " + inboundPrefix + w.Hash + " HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.7\r\nContent-Type: a/b\r\nContent-Type: a/b\r\n\r\n",
		} {
			sendHalf(t, addr, raw)
		}
		for _, row := range s.logged() {
			if row.ClientAddress == nil || *row.ClientAddress != "203.0.113.7" {
				t.Errorf("%s: got the client %v, want 203.0.113.7", row.Method, row.ClientAddress)
			}
		}
	})
}

func TestEndpointHash(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]struct {
		hash  string
		looks bool
	}{
		"/v1/inbound-webhooks/Ab-_": {"Ab-_", true}, "/v1/inbound-webhooks/Ab?x/y#z": {"Ab", true}, "/v1/inbound-webhooks/Ab/more": {"Ab", true}, "/v1/inbound-webhooks": {"", true},
		"/v1/inbound-webhooks/?a": {"", true}, "/V1//INBOUND-webhooks///Ab//": {"Ab", true}, "http://host/v1/inbound-webhooks/Ab": {"Ab", true}, "//v1/inbound-webhooks/Ab": {"Ab", true},
		"/%76%31/inbound%2dwebhooks/%41b": {"Ab", true}, "/v1/inbound-webhooks/%zz": {"%zz", true}, strings.Repeat("/", 500) + "v1/inbound-webhooks/Ab": {"Ab", true},
		"/v1/inbound-webhooks.json": {}, "/w/v1/inbound-webhooks/Ab": {}, "/v1": {}, "": {}, "*": {}, "/login?next=/v1/inbound-webhooks/Ab": {}, "http://v1/inbound-webhooks/Ab": {"Ab", true},
		"/api/v1/inbound-webhooks/Ab": {"Ab", true}, "/inbound-webhooks/Ab": {"Ab", true}, "/v2/INBOUND_webhooks/Ab": {"Ab", true}, "/v1/inbound-webhooks/../Ab": {"Ab", true}, `/v1\inbound-webhooks\Ab`: {"Ab", true},
		`\v1\inbound-webhooks\Ab`: {"Ab", true}, "/v1/%2e/inbound-webhooks%5cAb": {"Ab", true}, "inbound-webhooks": {"", true}, "/inbound-webhooks/inbound-webhooks/Ab": {"inbound-webhooks", true}, "/v1/inbound-webhooks/w": {"w", true},
		"/v1/inbound-webhook/Ab": {"Ab", true}, "/v1/inboundWebhooks/Ab": {"Ab", true}, "/v1/inbound%20webhooks%20/Ab": {"Ab", true}, "/w/books/settings/inbound_webhook/Ab": {}, "/v1/inbound-webhooksAb/x": {}, "/v1/webhooks/Ab": {},
		"/w": {}, "/W/books/settings/inbound-webhooks": {}, "/./w/books/settings/inbound-webhooks/Ab": {}, "/docs/inbound-webhooks": {}, "http://h/w/books/inbound-webhooks/Ab": {}, "/v1/my-inbound-webhooks/Ab": {}, "/v1?inbound-webhooks/Ab": {},
		"/?x://h/v1/inbound-webhooks/Ab": {},
	} {
		if hash, looks := endpointHash(target); hash != want.hash || looks != want.looks {
			t.Errorf("%.80s: got %q %v, want %q %v", target, hash, looks, want.hash, want.looks)
		}
		if isInbound(target) != want.looks {
			t.Errorf("%.80s: got %v, want %v", target, !want.looks, want.looks)
		}
	}
}

// TestWholeURLsAreTaken sends requests as a program with a proxy does: with a whole URL in the first line.
func TestWholeURLsAreTaken(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		addr := s.listen()
		for i, at := range []string{"http://lark.example", "HTTP://lark.example", "https://lark.example:443", "http://[::1]:80"} {
			email := fmt.Sprintf("jo%d@example.test", i)
			a := send(t, addr, "GET "+at+inboundPrefix+w.Hash+"?email_address="+email+" HTTP/1.1\r\nHost: proxy.example\r\n\r\n")
			if a.status != 200 || s.contact(email) == nil {
				t.Errorf("%s: got %d %s, want the call taken", at, a.status, a.body)
			}
		}
		for target, to := range map[string]string{"http://lark.example": "/login", "http://lark.example?a": "/login?next=%2F%3Fa", "http://lark.example/w/books/": "/w/books", "http://lark.example/login/": "/login"} {
			a := send(t, addr, "GET "+target+" HTTP/1.1\r\nHost: proxy.example\r\n\r\n")
			if got := a.header.Get("Location"); got != to {
				t.Errorf("%s: got %d to %q, want %q", target, a.status, got, to)
			}
		}
	})
}

// TestOwnPagesAreNotTheEndpoint puts the endpoint's name into every parameter of the other routes.
func TestOwnPagesAreNotTheEndpoint(t *testing.T) {
	t.Parallel()
	for _, r := range routes {
		parts := strings.Split(r.path, "/")
		for i, part := range parts {
			if strings.HasPrefix(part, ":") {
				parts[i] = "inbound-webhooks"
			}
		}
		if path := strings.Join(parts, "/"); isInbound(path) != (r.path == inboundPath) {
			t.Errorf("%s: got %v, want only the endpoint", path, isInbound(path))
		}
	}
}

func TestHeadEnd(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"": 0, "GET": 0, "\n\n": 0, "\r\n\r\n\r\n": 0, "a\r\n\r\n": 0, "a\nb\r\n\r\n": 0, "a\r\nb\r\n\r\n\n\n": 0, "a\n": 0, "a\n\r": 0, "a\n\r\r\n": 0, "a\n b\n": 0,
		"a\n\n": 3, "a\r\n\n": 4, "a\n\r\n": 4, "\n\na\n\nb": 5, "a\nb\n\n\r\n\r\n": 5,
	} {
		for size := 1; size <= len(text)+1; size++ {
			var h headEnd
			got, read := 0, 0
			for part := range slices.Chunk([]byte(text), size) {
				if n := h.bare(part); n > 0 {
					got = read + n
				}
				read += len(part)
			}
			if got != want {
				t.Errorf("%q by %d bytes: got %d, want %d", text, size, got, want)
			}
		}
	}
}

func TestUseOwnHost(t *testing.T) {
	t.Parallel()
	for target, want := range map[string][2]string{
		"/a": {"/a", "old"}, "http://h/a?b#c": {"/a?b#c", "h"}, "HtTpS://h:8/": {"/", "h:8"}, "http://h": {"/", "h"}, "http://h?a/b": {"/?a/b", "h"}, "http://h#a": {"/#a", "h"},
		"http://h//evil/": {"//evil/", "h"}, "http:///a": {"http:///a", "old"}, "http://": {"http://", "old"}, "http://u@h/a": {"http://u@h/a", "old"}, `http://h\a/b`: {`http://h\a/b`, "old"},
		"ftp://h/a": {"ftp://h/a", "old"}, "/a?b=http://h/c": {"/a?b=http://h/c", "old"}, "*": {"*", "old"}, "h:80": {"h:80", "old"}, "http:/h/a": {"http:/h/a", "old"}, "http://h/http://i/a": {"/http://i/a", "h"},
	} {
		var h fasthttp.RequestHeader
		h.SetHost("old")
		h.SetRequestURI(target)
		useOwnHost(&h)
		if got := [2]string{string(h.RequestURI()), string(h.Host())}; got != want {
			t.Errorf("%s: got %q, want %q", target, got, want)
		}
	}
}

// FuzzReadHeadFault reads heads with fasthttp. Every head that fasthttp refuses must get a specific reason.
func FuzzReadHeadFault(f *testing.F) {
	for _, bad := range badHeads {
		if len(bad.head) > 2000 {
			continue // long inputs make the search slow
		}
		f.Add([]byte(strings.NewReplacer("VERB", "POST", "URL", inboundPrefix+"x", "HOST", "Host: a").Replace(bad.head)))
	}
	f.Add([]byte("GET /v1/inbound-webhooks/x?contents:%20\" a\" contents: \"GET / HTTP/1.1\r\n\r\n"))
	f.Fuzz(func(t *testing.T, head []byte) {
		var h fasthttp.RequestHeader
		err := h.Read(bufio.NewReaderSize(bytes.NewReader(head), 16<<10))
		if err == nil || err == io.EOF || errors.Is(err, io.EOF) {
			return
		}
		fault, ok := readHeadFault(err)
		if !ok || fault.refusal() == malformed {
			t.Errorf("got %+v for %q, want a reason", fault, err)
		}
		if quoted := strings.TrimLeft(string(head), "\r\n"); !strings.HasPrefix(quoted, fault.quoted) && len(head) <= 400 {
			t.Errorf("got the head %q, want the beginning of %q", fault.quoted, quoted)
		}
		fault.methodAndTarget()
		for name := range fault.headers() {
			if !isToken(name) {
				t.Errorf("got the header %q", name)
			}
		}
	})
}
