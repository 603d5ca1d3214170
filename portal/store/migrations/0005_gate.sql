-- (T) the portal-wide budgets of failures: a lease is a process's share, counted
-- whole until it is settled for what it spent.
CREATE TABLE permit_leases (
  id      TEXT    NOT NULL PRIMARY KEY,
  budget  TEXT    NOT NULL,
  permits BIGINT  NOT NULL,
  at_us   BIGINT  NOT NULL,
  settled BOOLEAN NOT NULL
);
CREATE INDEX leases_of_budget ON permit_leases (budget, at_us);

-- (T) one row per budget, locked while a lease of it is granted.
CREATE TABLE permit_budgets (
  budget    TEXT   NOT NULL PRIMARY KEY,
  leased_us BIGINT NOT NULL
);

-- (T) the step the gate is in, and the thresholds of its next move, in millionths.
CREATE TABLE gate_gauge (
  name     TEXT   NOT NULL PRIMARY KEY,
  step     BIGINT NOT NULL,
  moved_us BIGINT NOT NULL,
  half     BIGINT NOT NULL,
  whole    BIGINT NOT NULL
);

-- (S) which browsers opened which reference, as keyed hashes (G7).
CREATE TABLE known_browsers (
  reference_key TEXT   NOT NULL,
  device        TEXT   NOT NULL,
  opened_us     BIGINT NOT NULL,
  PRIMARY KEY (reference_key, device)
);

-- openings per hour, for the alarm of G9
CREATE INDEX visits_opened ON visits (opened_us);
