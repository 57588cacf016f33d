package intake

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
)

var errDamagedGzip = &DecodeError{KindCompression, "The gzip data of the body is damaged: it is cut off, its checksum is wrong, or something " +
	"follows it. Please compress it again."}

// decompress undoes the Content-Encoding. It never unpacks more than one byte over MaxBody. With an error other than
// ErrTooLarge it returns what it has unpacked, or the body as received, for the request log.
func decompress(body []byte, contentEncoding string) ([]byte, error) {
	zipped := false
	for coding := range strings.SplitSeq(contentEncoding, ",") {
		switch coding = strings.ToLower(strings.TrimSpace(coding)); {
		case coding == "" || coding == "identity":
		case (coding == "gzip" || coding == "x-gzip") && !zipped:
			zipped = true
		default:
			return body, &DecodeError{KindCompression, fmt.Sprintf("The Content-Encoding %s is not accepted. Please send the body as it is, "+
				"or compressed once with gzip.", quote(contentEncoding))}
		}
	}
	if !zipped || len(body) > MaxBody {
		return body, nil // the caller checks the size
	}
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil && bytes.HasPrefix(body, []byte("\x1f\x8b")) {
		return body, errDamagedGzip
	}
	if err != nil {
		return body, &DecodeError{KindCompression, "The Content-Encoding says gzip, but the body is not gzip data. Please compress it, or " +
			"leave that header out."}
	}
	out, err := io.ReadAll(io.LimitReader(r, MaxBody+1))
	switch {
	case len(out) > MaxBody:
		return nil, ErrTooLarge
	case err != nil:
		return out, errDamagedGzip
	}
	return out, nil
}
