-- The desk's list of closed numbers, kept apart from their counters: an index
-- on the counters would be written by the attempt that closes a number and by
-- no other, and its time would tell it (T7). The sealer adds a case when it
-- gives the trail's entry its place, a second or two after the answer; whether
-- the number is still closed the counter alone tells.
CREATE TABLE gate_cases (
  key        TEXT   NOT NULL PRIMARY KEY,
  case_id    TEXT   NOT NULL,
  blocked_us BIGINT NOT NULL
);
INSERT INTO gate_cases (key, case_id, blocked_us)
SELECT key, case_id, blocked_us FROM lookup_counters WHERE blocked_us > 0;
CREATE INDEX gate_cases_newest ON gate_cases (blocked_us, case_id);
CREATE INDEX gate_cases_case ON gate_cases (case_id);
DROP INDEX counters_blocked;
DROP INDEX counters_case;
