package segments

import (
	"bytes"
	"context"
	"database/sql"
	"maps"
	"slices"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// A row of segment_bits covers chunkSize consecutive contact ids, with slotBytes for each slot (DESIGN "Segments").
// Missing rows and missing bytes mean zero.
const (
	chunkSize = ChunkSize
	slotBytes = chunkSize / 8
	noSlot    = -1 // the slot of a segment that was never built and has no membership yet
)

// ChunkSize is how many consecutive contact ids are built and stored together.
const ChunkSize = 256

// chunkBits holds the membership of one chunk in every slot.
type chunkBits []byte

func (b chunkBits) has(slot int, contact int64) bool {
	i := slot*slotBytes + int(contact%chunkSize)/8
	return slot >= 0 && contact >= 0 && i < len(b) && b[i]&(1<<(contact%8)) != 0
}

// with returns b with the contact's bit of the slot set or cleared. Only a set bit can make it longer.
func (b chunkBits) with(slot int, contact int64, in bool) chunkBits {
	if b.has(slot, contact) == in {
		return b
	}
	b = b.grown(slot)
	b[slot*slotBytes+int(contact%chunkSize)/8] ^= 1 << (contact % 8)
	return b
}

// slot returns the bytes of one slot: fewer or none if the row is short.
func (b chunkBits) slot(slot int) []byte {
	from := min(slot*slotBytes, len(b))
	return b[from:min(from+slotBytes, len(b))]
}

// without returns b with the contact's bit cleared in every slot.
func (b chunkBits) without(contact int64) chunkBits {
	for i := int(contact%chunkSize) / 8; i < len(b); i += slotBytes {
		b[i] &^= 1 << (contact % 8)
	}
	return b
}

// withSlot returns b with all of one slot replaced.
func (b chunkBits) withSlot(slot int, content [slotBytes]byte) chunkBits {
	if content == [slotBytes]byte{} && len(b) <= slot*slotBytes {
		return b
	}
	b = b.grown(slot)
	copy(b[slot*slotBytes:], content[:])
	return b
}

func (b chunkBits) grown(slot int) chunkBits {
	if missing := (slot+1)*slotBytes - len(b); missing > 0 {
		b = append(b, make([]byte, missing)...)
	}
	return b
}

// chunks holds rows of segment_bits that a transaction reads and changes.
type chunks struct {
	workspace int64
	read      map[int64]chunkBits // as stored in the database
	now       map[int64]chunkBits
}

// readChunks reads the rows that query selects.
func readChunks(query *gorm.DB, workspace int64) (*chunks, error) {
	rows, err := query.Model(&models.SegmentBits{}).Where("workspace_id = ?", workspace).Select("chunk, bits").Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	c := &chunks{workspace: workspace, read: map[int64]chunkBits{}, now: map[int64]chunkBits{}}
	for rows.Next() {
		var chunk int64
		var bits sql.RawBytes
		if err := rows.Scan(&chunk, &bits); err != nil {
			return nil, err
		}
		c.read[chunk], c.now[chunk] = slices.Clone(chunkBits(bits)), slices.Clone(chunkBits(bits))
	}
	return c, rows.Err()
}

// save writes the rows that changed since they were read.
func (c *chunks) save(tx *gorm.DB) error {
	var rows []models.SegmentBits
	var patches []patch
	for _, chunk := range slices.Sorted(maps.Keys(c.now)) {
		now, read := c.now[chunk], c.read[chunk]
		if bytes.Equal(now, read) {
			continue
		}
		if p, ok := newPatch(chunk, read, now); ok && tx.Name() == string(store.Postgres) {
			patches = append(patches, p)
			continue
		}
		rows = append(rows, models.SegmentBits{WorkspaceID: c.workspace, Chunk: chunk, Bits: now})
	}
	if tx.Name() == string(store.Postgres) {
		if err := patchBitsPostgres(tx, c.workspace, patches); err != nil {
			return err
		}
		return saveBitsPostgres(tx, rows)
	}
	return inBatches(rows, func(rows []models.SegmentBits) error {
		return tx.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "workspace_id"}, {Name: "chunk"}},
			DoUpdates: clause.AssignmentColumns([]string{"bits"}),
		}).Create(&rows).Error
	})
}

// patch holds the changed bytes of a row of segment_bits, if they are few.
type patch struct {
	chunk int64
	bytes [patchBytes]patchByte // if fewer changed, the last one is repeated
}

type patchByte struct {
	at   int
	byte byte
}

// patchBytes is the most bytes in a patch: one contact can move in that many segments. With more changes, the whole row is
// written.
const patchBytes = 8

// newPatch compares two states of a row. ok is false if it became longer or too much changed.
func newPatch(chunk int64, before, after chunkBits) (p patch, ok bool) {
	if len(before) != len(after) || len(after) == 0 {
		return p, false
	}
	n := 0
	for i := range after {
		if before[i] == after[i] {
			continue
		}
		if n == patchBytes {
			return p, false
		}
		p.bytes[n] = patchByte{i, after[i]}
		n++
	}
	for i := n; i < patchBytes; i++ {
		p.bytes[i] = p.bytes[max(n-1, 0)]
	}
	p.chunk = chunk
	return p, n > 0
}

// inBatches calls write with at most 500 rows at a time, to stay within the limit of parameters.
func inBatches[T any](rows []T, write func([]T) error) error {
	for batch := range slices.Chunk(rows, 500) {
		if err := write(batch); err != nil {
			return err
		}
	}
	return nil
}

// slotOfRow is the segment s's slot in a row b of segment_bits.
const slotOfRow = "substr(b.bits, s.slot * 32 + 1, 32)"

// joinBits joins a segment's row s to the rows b of its membership in one statement. Even if the slot is swapped at the
// same time, it never reads another segment's bits.
func joinBits(query *gorm.DB, workspace int64) *gorm.DB {
	return query.Table("segments s").
		Joins("JOIN segment_bits b ON b.workspace_id = s.workspace_id AND length(b.bits) > s.slot * 32").
		Where("s.workspace_id = ? AND b.workspace_id = ? AND s.slot >= 0", workspace, workspace)
}

// Place is a segment and whether a contact is in it.
type Place struct {
	models.Segment
	In bool
}

// Places returns every segment of the workspace by name, and whether the contact is in it.
func (s Store) Places(ctx context.Context, workspace, contact int64) ([]Place, error) {
	return PlacesIn(s.DB.Read(ctx), workspace, contact)
}

// PlacesIn is Store.Places for a query or a transaction.
func PlacesIn(db *gorm.DB, workspace, contact int64) ([]Place, error) {
	var rows []struct {
		models.Segment
		Members []byte
	}
	err := db.Table("segments s").
		Joins("LEFT JOIN segment_bits b ON b.workspace_id = s.workspace_id AND b.chunk = ? AND s.slot >= 0 AND length(b.bits) > s.slot * 32", contact/chunkSize).
		Where("s.workspace_id = ?", workspace).Select("s.*, " + slotOfRow + " AS members").Find(&rows).Error
	places := make([]Place, len(rows))
	for i, row := range rows {
		places[i] = Place{row.Segment, chunkBits(row.Members).has(0, contact)}
	}
	slices.SortFunc(places, func(a, b Place) int { return rule.ByName(a.Segment, b.Segment) })
	return places, err
}

// Of returns the segments that the contact is in, by name.
func (s Store) Of(ctx context.Context, workspace, contact int64) (in []models.Segment, err error) {
	places, err := s.Places(ctx, workspace, contact)
	for _, p := range places {
		if p.In {
			in = append(in, p.Segment)
		}
	}
	return in, err
}

// Page returns the ids of at most limit members below before, the newest first (0 starts at the newest).
func (s Store) Page(ctx context.Context, workspace, segment, before int64, limit int) ([]int64, error) {
	if before <= 0 {
		before = 1 << 62
	}
	return Members{}.Below(s.DB.Read(ctx), workspace, segment, before, limit)
}

// Members reads the members of a segment, in pages, with the query or transaction it gets. It implements store.Members.
type Members struct{}

// Below returns the ids of at most limit members below an id, the newest first.
func (Members) Below(q *gorm.DB, workspace, segment, before int64, limit int) ([]int64, error) {
	query := joinBits(q, workspace).Where("s.id = ? AND b.chunk <= ?", segment, before/chunkSize).Order("b.chunk DESC")
	var ids []int64
	err := eachChunk(query, limit, func(chunk int64, members chunkBits) bool {
		for id := (chunk+1)*chunkSize - 1; id >= chunk*chunkSize && len(ids) < limit; id-- {
			if id < before && members.has(0, id) {
				ids = append(ids, id)
			}
		}
		return len(ids) < limit
	})
	return ids, err
}

// Above returns the ids of at most limit members above an id, the oldest first.
func (Members) Above(q *gorm.DB, workspace, segment, after int64, limit int) ([]int64, error) {
	query := joinBits(q, workspace).Where("s.id = ? AND b.chunk >= ?", segment, after/chunkSize).Order("b.chunk")
	var ids []int64
	err := eachChunk(query, limit, func(chunk int64, members chunkBits) bool {
		for id := chunk * chunkSize; id < (chunk+1)*chunkSize && len(ids) < limit; id++ {
			if id > after && members.has(0, id) {
				ids = append(ids, id)
			}
		}
		return len(ids) < limit
	})
	return ids, err
}

// Among returns those of the contacts that are members.
func (Members) Among(q *gorm.DB, workspace, segment int64, contacts []int64) (found []int64, err error) {
	contacts = slices.Sorted(slices.Values(contacts))
	for some := range slices.Chunk(chunksOf(contacts), mostChunks) {
		in := map[int64]chunkBits{}
		query := joinBits(q, workspace).Where("s.id = ? AND b.chunk IN ?", segment, some)
		err := eachChunk(query, len(some), func(chunk int64, members chunkBits) bool {
			in[chunk] = slices.Clone(members)
			return true
		})
		if err != nil {
			return nil, err
		}
		for _, id := range contacts { // those in other chunks are not in the map
			if in[id/chunkSize].has(0, id) {
				found = append(found, id)
			}
		}
	}
	return found, nil
}

// mostChunks is how many chunks one statement of Among names.
const mostChunks = 1000

// eachChunk reads the chunks of query that contain members until f has enough. Each contains at least one. Only the
// first chunk can have all its members on the wrong side of the page's start, so limit + 1 chunks are enough.
func eachChunk(query *gorm.DB, limit int, f func(chunk int64, members chunkBits) bool) error {
	rows, err := query.Where(slotOfRow+" <> ?", make([]byte, slotBytes)).Select("b.chunk, " + slotOfRow).Limit(limit + 1).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var chunk int64
		var members []byte
		if err := rows.Scan(&chunk, &members); err != nil {
			return err
		}
		if !f(chunk, members) {
			break
		}
	}
	return rows.Err()
}
