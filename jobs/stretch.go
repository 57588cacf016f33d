package jobs

import (
	"errors"
	"io"

	"campaignlark/models/store"

	"gorm.io/gorm"
)

// maxStretch is how many parts of a file a stretch holds: more than the longest row that can be read takes.
const maxStretch = 16

// errLongLine says that a line is longer than a stretch.
var errLongLine = errors.New("a line is too long to be searched")

// stretch reads parts of a job's file one after the other and holds them, so that what was read can be taken out of them.
// Its offsets count from where it begins.
type stretch struct {
	tx    *gorm.DB
	next  store.JobFile // to be read, without its data
	skip  int64         // bytes of the first part that stand before the stretch
	parts []store.JobFile
	sizes []int64 // of the parts as they were read
	rest  []byte  // read and not yet given
}

// openStretch reads a file from a part on, of which skip bytes are left out.
func openStretch(tx *gorm.DB, first store.JobFile, skip int64) *stretch {
	return &stretch{tx: tx, next: first, skip: skip}
}

// Read returns io.EOF after the last part, and errLongLine when it would hold too much.
func (s *stretch) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		if len(s.parts) == maxStretch {
			return 0, errLongLine
		}
		data, err := store.JobFileData(s.tx, s.next.WorkspaceID, s.next.JobID, s.next.Name, s.next.Part)
		if err != nil {
			return 0, err
		}
		part := s.next
		part.Data = data
		s.sizes = append(s.sizes, int64(len(data)))
		if s.parts = append(s.parts, part); len(s.parts) == 1 {
			data = data[min(s.skip, int64(len(data))):]
		}
		s.rest = data
		s.next.Part++
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

var _ io.Reader = (*stretch)(nil)

// each calls fn with what of the bytes lies in each part: the part, and from where to where in its data.
func (s *stretch) each(bytes rowBytes, fn func(part int, from, to int64)) {
	start := -s.skip
	for n, part := range s.parts {
		end := start + int64(len(part.Data))
		if from, to := max(bytes.from, start), min(bytes.to, end); from < to {
			fn(n, from-start, to-start)
		}
		start = end
	}
}

// bytes is what was read at a place.
func (s *stretch) bytes(at rowBytes) (data []byte) {
	s.each(at, func(part int, from, to int64) { data = append(data, s.parts[part].Data[from:to]...) })
	return data
}

// at is the part, and the bytes of it that stand before, of a place behind everything that was taken out.
func (s *stretch) at(offset int64) (part, skip int64) {
	start := -s.skip
	for n, size := range s.sizes {
		if offset < start+size {
			return s.parts[n].Part, offset - start - (size - int64(len(s.parts[n].Data)))
		}
		start += size
	}
	return s.next.Part, 0
}

// takeOut takes rows, in their order, out of the file. With an encoding blanks come in their place and line ends stay, so
// that nothing else moves; with "" nothing stays.
func (s *stretch) takeOut(rows []rowBytes, blanks TextEncoding) error {
	changed := map[int]bool{}
	for n := len(rows) - 1; n >= 0; n-- { // from the last, so that the places of those before stay right
		s.each(rows[n], func(part int, from, to int64) {
			data := &s.parts[part].Data
			changed[part] = true
			if blanks == "" {
				*data = append((*data)[:from:from], (*data)[to:]...)
			} else {
				blank((*data)[from:to], blanks)
			}
		})
	}
	for n := range changed {
		p := s.parts[n]
		err := s.tx.Model(&store.JobFile{}).Where("workspace_id = ? AND job_id = ? AND name = ? AND part = ?", p.WorkspaceID, p.JobID, p.Name, p.Part).
			Update("data", p.Data).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// blank puts a blank in place of everything but line ends.
func blank(data []byte, e TextEncoding) {
	space := []byte{' '}
	switch e {
	case UTF16LE:
		space = []byte{' ', 0}
	case UTF16BE:
		space = []byte{0, ' '}
	}
	for ; len(data) >= len(space); data = data[len(space):] {
		if c, _ := e.next(data[:len(space)], true); c != '\n' && c != '\r' {
			copy(data, space)
		}
	}
}
