-- What a colleague decided on a reading that was held or to check: who, when,
-- where it was refused, why, and where it was corrected, what had been typed.
-- Empty: nobody had to decide.
ALTER TABLE index_readings ADD COLUMN decided_by TEXT NOT NULL DEFAULT '';
ALTER TABLE index_readings ADD COLUMN refusal TEXT NOT NULL DEFAULT '';
ALTER TABLE index_readings ADD COLUMN typed BIGINT;
