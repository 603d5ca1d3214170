package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"

	"golang.org/x/mod/sumdb/tlog"
)

var _ audit.Log = (*Store)(nil)

// An entry waits in trail_waiting and then lies in trail_entries with its idx;
// the view trail shows both.
const (
	recordedColumns = `id, at_us, actor_kind, actor_id, action, ground, channel, commitment, salt, subject, details`
	entryColumns    = recordedColumns + `, idx`
)

// whole scans a BIGINT that somebody may have made something else: SQLite
// keeps whatever a row was given.
type whole struct {
	value sql.NullInt64
	odd   string
}

// Scan implements sql.Scanner.
func (w *whole) Scan(v any) error {
	w.odd = ""
	if _, isInt := v.(int64); v != nil && !isInt {
		w.odd = fmt.Sprintf("holds %q", fmt.Sprint(v))
		return nil
	}
	return w.value.Scan(v)
}

func scanEntry(r scanner) (audit.Recorded, error) {
	var e audit.Recorded
	var at, idx whole
	var kind, action string
	var subject, details sql.NullString
	if err := r.Scan(&e.ID, &at, &kind, &e.Actor.ID, &action, &e.Ground, &e.Channel,
		&e.Commitment, &e.Salt, &subject, &details, &idx); err != nil {
		return e, err
	}
	e.At, e.Actor.Kind, e.Action = portal.FromMicros(at.value.Int64), portal.ActorKind(kind), audit.Action(action)
	e.Subject, e.Text = subject.String, details.String
	e.Idx = audit.Unsealed
	if idx.value.Valid {
		e.Idx = idx.value.Int64
	}
	switch {
	case at.odd != "":
		e.Odd = "at_us " + at.odd
	case idx.odd != "":
		e.Odd, e.Idx = "idx "+idx.odd, math.MaxInt64
	case e.Salt == nil && !subject.Valid && !details.Valid:
		e.Erased = true
	case e.Salt == nil || !subject.Valid || !details.Valid:
		e.Odd = "half of its opening is gone"
	}
	return e, nil
}

func entries(rows *sql.Rows, err error) ([]audit.Recorded, error) {
	var all []audit.Recorded
	err = each(rows, err, func(r scanner) error {
		e, err := scanEntry(r)
		all = append(all, e)
		return err
	})
	return all, err
}

// Entries tells what happened to a subject, newest first: at most limit
// entries older than (before, beforeID), which is the last one of the page
// before; the zero time for the first page. Erased entries have no subject.
func (s *Store) Entries(ctx context.Context, subject string, limit int, before time.Time, beforeID string) ([]audit.Recorded, error) {
	us := portal.Micros(before)
	if before.IsZero() {
		us = math.MaxInt64
	}
	// Not from the view trail: under it SQLite does not see that the index fits.
	return entries(s.query(ctx, `SELECT `+entryColumns+` FROM trail_entries
  WHERE subject = $1 AND subject <> '' AND (at_us, id) < ($2, $3)
  UNION ALL SELECT `+recordedColumns+`, NULL FROM trail_waiting
  WHERE subject = $1 AND subject <> '' AND (at_us, id) < ($2, $3) ORDER BY at_us DESC, id DESC LIMIT $4`,
		subject, us, beforeID, limit))
}

// TrailEdge implements audit.Log: from one snapshot, so that another sealer's
// tiles never meet an older head.
func (s *Store) TrailEdge(ctx context.Context) (head audit.Head, edge []audit.Tile, err error) {
	err = s.Trail(ctx, func(r audit.Reader) error {
		edge = nil
		if head, err = r.NewestHead(ctx); err != nil {
			return err
		}
		for level, size := 0, head.Size; size > 0; level, size = level+1, size>>8 {
			if size&255 == 0 {
				continue
			}
			got, err := r.Tiles(ctx, level, size>>8, 1)
			if err != nil {
				return err
			}
			edge = append(edge, got...)
		}
		return nil
	})
	return head, edge, err
}

// SealTrail implements audit.Log. Reading and placing keep nobody waiting; only
// the moving itself needs SQLite's one writer. Each row is moved as it is by
// then, so that an erasure meanwhile holds: a leaf has nothing of its opening.
// The head goes first: its uniqueness is what stops a second sealer before it
// changes anything.
func (s *Store) SealTrail(ctx context.Context, limit int, place func([]audit.Recorded) ([]audit.Tile, audit.Head, error)) (int, error) {
	if err := s.adoptUnplaced(ctx); err != nil {
		return 0, err
	}
	entries, handles, err := s.waiting(ctx, limit)
	if err != nil || len(entries) == 0 {
		return 0, err
	}
	tiles, head, err := place(entries)
	if err != nil {
		return 0, err
	}
	return len(entries), s.Do(ctx, func(t tx.Tx) error {
		u := inside(t)
		if err := writeHead(u, head); err != nil {
			return err
		}
		if err := moveToPlaces(u, entries, handles, head.Prev); err != nil {
			return err
		}
		if err := openCases(u, entries); err != nil {
			return err
		}
		return writeTiles(u, tiles)
	})
}

// adoptUnplaced lets entries wait with the others that a program from before
// 0002_trail_waiting left in trail_entries without a place.
func (s *Store) adoptUnplaced(ctx context.Context) error {
	var id string
	err := s.queryRow(ctx, `SELECT id FROM trail_entries WHERE idx IS NULL LIMIT 1`).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.Do(ctx, func(t tx.Tx) error {
		u := inside(t)
		moved, err := u.exec(`INSERT INTO trail_waiting (` + recordedColumns + `)
  SELECT ` + recordedColumns + ` FROM trail_entries WHERE idx IS NULL ORDER BY id`)
		if err != nil {
			return err
		}
		gone, err := u.exec(`DELETE FROM trail_entries WHERE idx IS NULL`)
		if err == nil && gone != moved {
			err = errors.New("trail: entries without a place came or went meanwhile")
		}
		return err
	})
}

// waiting reads entries that wait, without their openings and in the order of
// their ids, and what names their rows.
func (s *Store) waiting(ctx context.Context, limit int) (entries []audit.Recorded, handles map[string]string, err error) {
	handles = make(map[string]string, limit)
	rows, err := s.query(ctx, `SELECT CAST(`+s.rowHandle+` AS TEXT), id, at_us, actor_kind, actor_id, action, ground, channel, commitment
  FROM trail_waiting LIMIT $1`, limit)
	err = each(rows, err, func(r scanner) error {
		var e audit.Recorded
		var at whole
		var handle, kind, action string
		err := r.Scan(&handle, &e.ID, &at, &kind, &e.Actor.ID, &action, &e.Ground, &e.Channel, &e.Commitment)
		e.At, e.Actor.Kind, e.Action = portal.FromMicros(at.value.Int64), portal.ActorKind(kind), audit.Action(action)
		entries, handles[e.ID] = append(entries, e), handle
		return err
	})
	slices.SortFunc(entries, func(a, b audit.Recorded) int { return strings.Compare(a.ID, b.ID) })
	return entries, handles, err
}

// moveToPlaces moves entries from where they wait to their places from first
// on. A row that is no longer the one that was read fails the unit.
func moveToPlaces(u *unit, entries []audit.Recorded, handles map[string]string, first int64) error {
	handle := u.store.rowHandle
	return inParts(len(entries), func(from, to int) error {
		places := make([]any, 0, 3*(to-from))
		taken := make([]any, 0, to-from)
		for i, e := range entries[from:to] {
			places = append(places, handles[e.ID], e.ID, strconv.FormatInt(first+int64(from+i), 10))
			taken = append(taken, handles[e.ID])
		}
		// CROSS JOIN: SQLite then looks each row up, instead of each row's place.
		put, err := u.exec(`INSERT INTO trail_entries (`+entryColumns+`)
  SELECT `+recordedColumns+`, CAST(place.column3 AS BIGINT) FROM (VALUES `+values(to-from, 3)+`) AS place CROSS JOIN trail_waiting
  WHERE trail_waiting.`+handle+` = CAST(place.column1 AS `+u.store.rowHandleType+`) AND id = place.column2`, places...)
		if err != nil {
			return err
		}
		gone, err := u.exec(`DELETE FROM trail_waiting WHERE `+handle+` IN (SELECT CAST(column1 AS `+u.store.rowHandleType+`)
  FROM (VALUES `+values(to-from, 1)+`) AS place)`, taken...)
		if err == nil && (put != int64(to-from) || gone != put) {
			err = errors.New("trail: an entry that waited has changed or is gone")
		}
		return err
	})
}

func writeHead(u *unit, head audit.Head) error {
	_, err := u.exec(`INSERT INTO trail_heads (size, prev_size, root, signed, at_us) VALUES ($1, $2, $3, $4, $5)`,
		head.Size, head.Prev, head.Root.String(), head.Signed, portal.Micros(head.At))
	if err != nil && isDuplicate(err) {
		return &portal.Error{Code: portal.Conflict, Key: "conflict", Err: err}
	}
	return err
}

func writeTiles(u *unit, tiles []audit.Tile) error {
	for _, tile := range tiles {
		if _, err := u.exec(`INSERT INTO trail_tiles (level, n, width, data) VALUES ($1, $2, $3, $4)
  ON CONFLICT (level, n) DO UPDATE SET width = excluded.width, data = excluded.data`,
			tile.Level, tile.N, tile.Width(), tile.Data); err != nil {
			return err
		}
	}
	return nil
}

const (
	headColumns     = `size, prev_size, root, signed, at_us`
	newestHeadQuery = `SELECT ` + headColumns + ` FROM trail_heads ORDER BY size DESC LIMIT 1`
	tilesQuery      = `SELECT level, n, width, data FROM trail_tiles WHERE level = $1 AND n >= $2 ORDER BY n LIMIT $3`
)

func scanHead(r scanner) (audit.Head, error) {
	var h audit.Head
	var root string
	var prev, at whole
	if err := r.Scan(&h.Size, &prev, &root, &h.Signed, &at); err != nil {
		return h, err
	}
	h.Prev, h.At = prev.value.Int64, portal.FromMicros(at.value.Int64)
	if hash, err := tlog.ParseHash(root); err == nil {
		h.Root = hash // one that is no hash agrees with no signature
	}
	return h, nil
}

func newestHead(r row) (audit.Head, error) {
	h, err := scanHead(r)
	if errors.Is(err, sql.ErrNoRows) {
		return audit.Head{}, nil
	}
	return h, shut(err)
}

func tiles(rows *sql.Rows, err error) ([]audit.Tile, error) {
	var all []audit.Tile
	err = each(rows, err, func(r scanner) error {
		var t audit.Tile
		var width whole
		if err := r.Scan(&t.Level, &t.N, &width, &t.Data); err != nil {
			return err
		}
		if width.odd != "" || width.value.Int64*tlog.HashSize != int64(len(t.Data)) {
			t.Data = nil // torn: what it holds is not to be relied on
		}
		all = append(all, t)
		return nil
	})
	return all, err
}

// Trail lends the trail for reading, as it is at this moment however long read
// takes: a long one delays SQLite's checkpoints, nothing else.
func (s *Store) Trail(ctx context.Context, read func(audit.Reader) error) error {
	t, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: s.dialect != onSQLite, Isolation: s.snapshot})
	if err != nil {
		return shut(err)
	}
	defer func() { _ = t.Rollback() }() // nothing was written
	return read(trailReader{t})
}

type trailReader struct{ tx *sql.Tx }

var _ audit.Reader = trailReader{}

func (r trailReader) row(ctx context.Context, text string, args ...any) row {
	rows, err := r.tx.QueryContext(ctx, text, args...)
	return row{rows, err}
}

// SealedEntries implements audit.Reader.
func (r trailReader) SealedEntries(ctx context.Context, idx int64, id string, limit int) ([]audit.Recorded, error) {
	return entries(r.tx.QueryContext(ctx, `SELECT `+entryColumns+` FROM trail_entries
  WHERE idx >= $1 AND (idx > $1 OR id > $2) ORDER BY idx, id LIMIT $3`, idx, id, limit))
}

// UnsealedEntries implements audit.Reader.
func (r trailReader) UnsealedEntries(ctx context.Context) iter.Seq2[audit.Recorded, error] {
	return func(yield func(audit.Recorded, error) bool) {
		rows, err := r.tx.QueryContext(ctx, `SELECT `+entryColumns+`,
  EXISTS (SELECT 1 FROM trail_entries placed WHERE placed.id = trail.id AND placed.idx IS NOT NULL) FROM trail WHERE idx IS NULL`)
		stopped := errors.New("stopped")
		err = each(rows, err, func(row scanner) error {
			var placed bool
			e, err := scanEntry(with{row, &placed})
			if placed {
				e.Odd = "an entry of this id has its place already"
			}
			if err == nil && !yield(e, nil) {
				err = stopped
			}
			return err
		})
		if err != nil && !errors.Is(err, stopped) {
			yield(audit.Recorded{}, err)
		}
	}
}

// with scans one more column behind those asked for.
type with struct {
	scanner
	last any
}

// Scan implements scanner.
func (w with) Scan(dest ...any) error { return w.scanner.Scan(append(dest, w.last)...) }

// SealedEntry implements audit.Reader.
func (r trailReader) SealedEntry(ctx context.Context, id string) (audit.Recorded, bool, error) {
	e, err := scanEntry(r.row(ctx, `SELECT `+entryColumns+` FROM trail_entries WHERE id = $1 AND idx IS NOT NULL`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return e, false, nil
	}
	return e, err == nil, shut(err)
}

// Erasures implements audit.Reader.
func (r trailReader) Erasures(ctx context.Context, term audit.Term) ([]audit.Recorded, error) {
	return entries(r.tx.QueryContext(ctx, lastErasures, string(term)))
}

// Tiles implements audit.Reader.
func (r trailReader) Tiles(ctx context.Context, level int, n int64, limit int) ([]audit.Tile, error) {
	return tiles(r.tx.QueryContext(ctx, tilesQuery, level, n, limit))
}

// CountTiles implements audit.Reader.
func (r trailReader) CountTiles(ctx context.Context) (n int64, err error) {
	err = shut(r.row(ctx, `SELECT count(*) FROM trail_tiles`).Scan(&n))
	return n, err
}

// HeadsAfter implements audit.Reader.
func (r trailReader) HeadsAfter(ctx context.Context, size int64, limit int) ([]audit.Head, error) {
	var all []audit.Head
	rows, err := r.tx.QueryContext(ctx, `SELECT `+headColumns+` FROM trail_heads WHERE size > $1 ORDER BY size LIMIT $2`, size, limit)
	err = each(rows, err, func(r scanner) error {
		h, err := scanHead(r)
		all = append(all, h)
		return err
	})
	return all, err
}

// NewestHead implements audit.Reader.
func (r trailReader) NewestHead(ctx context.Context) (audit.Head, error) {
	return newestHead(r.row(ctx, newestHeadQuery))
}
