-- A total that counts between two readings of the meter keeps what it is when a
-- file of ours brings it back (L4, L5): indexes.Between decides it of readings
-- typed here.
ALTER TABLE reading_totals ADD COLUMN indexed BOOLEAN NOT NULL DEFAULT FALSE;
