-- The erasures of each term of the trail, which begin where the last one ended.
CREATE INDEX trail_erased ON trail_entries (ground, idx) WHERE action = 'trail.erased';
