package deliveries

import "github.com/klauspost/compress/zstd"

// maxUnpacked bounds what Unpack returns, in bytes. Bodies and answers are smaller.
const maxUnpacked = 4 << 20

var (
	packer, _   = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true), zstd.WithLowerEncoderMem(true))
	unpacker, _ = zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxUnpacked), zstd.WithDecoderLowmem(true))
)

// Pack returns the stored form of a body or an answer: compressed with zstd. It returns nil for nothing.
func Pack(text []byte) []byte {
	if len(text) == 0 {
		return nil
	}
	return packer.EncodeAll(text, nil)
}

// Unpack reads what Pack returned.
func Unpack(stored []byte) ([]byte, error) {
	if len(stored) == 0 {
		return nil, nil
	}
	return unpacker.DecodeAll(stored, nil)
}
