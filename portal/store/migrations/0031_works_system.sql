-- what the operator's works system calls a request, when that last changed what
-- it says of it, and the last day by which it promises the works (D13).
ALTER TABLE works ADD COLUMN external_id TEXT NOT NULL DEFAULT '';
ALTER TABLE works ADD COLUMN told_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE works ADD COLUMN promised_us BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX works_external ON works (external_id) WHERE external_id <> '';
