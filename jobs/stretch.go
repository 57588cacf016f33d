package jobs

import (
	"errors"
	"io"

	"campaignlark/models/store"

	"gorm.io/gorm"
)

// maxStretch is how many parts of a file a stretch may hold: more than the longest readable row needs.
const maxStretch = 16

// errLongLine says that a line is longer than a stretch.
var errLongLine = errors.New("a line is too long to be searched")

// stretch reads consecutive parts of a job's file and keeps them, so that rows can be removed from them. Its offsets
// count from its beginning.
type stretch struct {
	tx    *gorm.DB
	next  store.JobFile // the next part to read, without its data
	skip  int64         // bytes of the first part before the stretch
	parts []store.JobFile
	sizes []int64 // of the parts, as read
	rest  []byte  // read but not returned yet
}

// openStretch reads a file from the part first on, without its first skip bytes.
func openStretch(tx *gorm.DB, first store.JobFile, skip int64) *stretch {
	return &stretch{tx: tx, next: first, skip: skip}
}

// Read returns io.EOF after the last part, and errLongLine if it would hold too much.
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

// each calls fn for each part that contains some of the bytes: the part, and the range in its data.
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

// bytes returns the bytes at a position.
func (s *stretch) bytes(at rowBytes) (data []byte) {
	s.each(at, func(part int, from, to int64) { data = append(data, s.parts[part].Data[from:to]...) })
	return data
}

// at returns the part of a position after everything that was removed, and the bytes of it before the position.
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

// takeOut removes rows, given in order, from the file. With an encoding it writes blanks and keeps line ends, so that
// nothing else moves; with "" it cuts them out.
func (s *stretch) takeOut(rows []rowBytes, blanks TextEncoding) error {
	changed := map[int]bool{}
	for n := len(rows) - 1; n >= 0; n-- { // from the last, so that earlier positions stay valid
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

// blank replaces everything but line ends with blanks.
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
