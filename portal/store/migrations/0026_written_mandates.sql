-- (P) a mandate that a customer wrote behind the reference: whose stay it is,
-- and when they said yes to its text (D8).
ALTER TABLE mandates ADD COLUMN written_by TEXT NOT NULL DEFAULT '';
ALTER TABLE mandates ADD COLUMN agreed_us BIGINT NOT NULL DEFAULT 0;
CREATE INDEX mandates_written_by ON mandates (written_by) WHERE written_by <> '';

-- which mandates renew one: from when on they deliver in its place.
CREATE INDEX mandates_renewing ON mandates (renews) WHERE renews <> '';

-- whether the holder of a stay has died, and who their letters go to (D7).
CREATE INDEX grounds_of_occupancy ON grounds (occupancy_id) WHERE occupancy_id <> '';
