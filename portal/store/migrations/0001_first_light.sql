-- One text for SQLite and PostgreSQL: TEXT, BIGINT, BOOLEAN, BYTEA. Times are
-- microseconds UTC, 0 where there is none. Every table's class: (P) personal,
-- (S) secret hashes or sealed, (T) technical.

-- (T) what this database is: the keys it belongs to, demo or not.
CREATE TABLE installation (
  name  TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);

-- (P) the access register.
CREATE TABLE access_points (
  ean      TEXT   NOT NULL PRIMARY KEY,
  energy   TEXT   NOT NULL,
  street   TEXT   NOT NULL,
  postcode TEXT   NOT NULL,
  town     TEXT   NOT NULL,
  power_va BIGINT NOT NULL
);
CREATE TABLE meters (
  id      TEXT   NOT NULL PRIMARY KEY,
  ean     TEXT   NOT NULL REFERENCES access_points (ean),
  number  TEXT   NOT NULL,
  from_us BIGINT NOT NULL,
  to_us   BIGINT NOT NULL
);
CREATE UNIQUE INDEX meters_of_point ON meters (ean, from_us);
CREATE TABLE occupancies (
  id          TEXT   NOT NULL PRIMARY KEY,
  ean         TEXT   NOT NULL REFERENCES access_points (ean),
  name        TEXT   NOT NULL,
  language    TEXT   NOT NULL,
  street      TEXT   NOT NULL,
  postcode    TEXT   NOT NULL,
  town        TEXT   NOT NULL,
  detail_us   BIGINT NOT NULL,
  from_us     BIGINT NOT NULL,
  to_us       BIGINT NOT NULL
);
CREATE UNIQUE INDEX occupancies_of_point ON occupancies (ean, from_us);
CREATE TABLE supplies (
  ean      TEXT   NOT NULL REFERENCES access_points (ean),
  supplier TEXT   NOT NULL,
  from_us  BIGINT NOT NULL,
  to_us    BIGINT NOT NULL,
  PRIMARY KEY (ean, from_us)
);

-- (S) issued references: keyed hashes only.
CREATE TABLE issued_references (
  key           TEXT    NOT NULL PRIMARY KEY,
  occupancy_id  TEXT    NOT NULL REFERENCES occupancies (id),
  meter_id      TEXT    NOT NULL REFERENCES meters (id),
  digits        BYTEA   NOT NULL,
  letter_code   BYTEA   NOT NULL,
  legacy        BOOLEAN NOT NULL,
  issued_us     BIGINT  NOT NULL,
  first_used_us BIGINT  NOT NULL,
  ended_us      BIGINT  NOT NULL
);
CREATE INDEX references_of_occupancy ON issued_references (occupancy_id, meter_id);

-- (S) the gate's counters, for known and unknown numbers alike.
CREATE TABLE lookup_counters (
  key        TEXT   NOT NULL PRIMARY KEY,
  kind       TEXT   NOT NULL,
  failures   TEXT   NOT NULL,
  blocked_us BIGINT NOT NULL,
  case_id    TEXT   NOT NULL,
  changed_us BIGINT NOT NULL
);
CREATE INDEX counters_blocked ON lookup_counters (blocked_us, key) WHERE blocked_us > 0;
CREATE UNIQUE INDEX counters_case ON lookup_counters (case_id) WHERE case_id <> '';

-- (P) visits: what a success opened, until when, and that it was left.
CREATE TABLE visits (
  id            TEXT   NOT NULL PRIMARY KEY,
  reference_key TEXT   NOT NULL,
  occupancy_id  TEXT   NOT NULL,
  opened_us     BIGINT NOT NULL,
  ends_us       BIGINT NOT NULL,
  ended_us      BIGINT NOT NULL
);

-- (P) consumption, coupled to the register by EAN, read apart from it (L3).
-- day and month are local calendar numbers: 20231029, 202310.
CREATE TABLE reading_days (
  ean      TEXT   NOT NULL,
  register TEXT   NOT NULL,
  day      BIGINT NOT NULL,
  meter    TEXT   NOT NULL,
  packed   BYTEA  NOT NULL,
  PRIMARY KEY (ean, register, day)
);
CREATE TABLE reading_months (
  ean       TEXT   NOT NULL,
  register  TEXT   NOT NULL,
  month     BIGINT NOT NULL,
  amount    BIGINT NOT NULL,
  days      BIGINT NOT NULL,
  estimated BIGINT NOT NULL,
  missing   BIGINT NOT NULL,
  none      BIGINT NOT NULL,
  PRIMARY KEY (ean, register, month)
);

-- (S) letters and mails waiting to go, sealed.
CREATE TABLE outbox (
  id        TEXT   NOT NULL PRIMARY KEY,
  kind      TEXT   NOT NULL,
  language  TEXT   NOT NULL,
  queued_us BIGINT NOT NULL,
  sealed    BYTEA  NOT NULL
);

-- (P) staff, their sessions, and what they do for callers.
CREATE TABLE staff (
  login      TEXT   NOT NULL PRIMARY KEY,
  name       TEXT   NOT NULL,
  role       TEXT   NOT NULL,
  password   TEXT   NOT NULL,
  otp_seed   BYTEA  NOT NULL,
  otp_step   BIGINT NOT NULL,
  failures   BIGINT NOT NULL,
  failed_us  BIGINT NOT NULL,
  added_us   BIGINT NOT NULL,
  ended_us   BIGINT NOT NULL
);
CREATE TABLE staff_sessions (
  id         TEXT   NOT NULL PRIMARY KEY,
  login      TEXT   NOT NULL REFERENCES staff (login),
  started_us BIGINT NOT NULL,
  ends_us    BIGINT NOT NULL,
  ended_us   BIGINT NOT NULL
);
CREATE TABLE caller_checks (
  id            TEXT    NOT NULL PRIMARY KEY,
  reference_key TEXT    NOT NULL,
  login         TEXT    NOT NULL,
  question      TEXT    NOT NULL,
  passed        BOOLEAN NOT NULL,
  at_us         BIGINT  NOT NULL
);
CREATE INDEX checks_of_reference ON caller_checks (reference_key, at_us);
CREATE TABLE unblocks (
  id            TEXT   NOT NULL PRIMARY KEY,
  reference_key TEXT   NOT NULL,
  login         TEXT   NOT NULL,
  kind          TEXT   NOT NULL,
  reason        TEXT   NOT NULL,
  at_us         BIGINT NOT NULL
);
CREATE INDEX unblocks_of_reference ON unblocks (reference_key, at_us);
CREATE INDEX unblocks_of_login ON unblocks (login, at_us);

-- The trail. Rows are only ever inserted; the sealer gives idx, an erasure
-- empties salt, subject and details. subject and details are personal and
-- stay outside the tree behind commitment.
CREATE TABLE trail_entries (
  id         TEXT   NOT NULL PRIMARY KEY,
  at_us      BIGINT NOT NULL,
  actor_kind TEXT   NOT NULL,
  actor_id   TEXT   NOT NULL,
  action     TEXT   NOT NULL,
  ground     TEXT   NOT NULL,
  channel    TEXT   NOT NULL,
  commitment BYTEA  NOT NULL,
  salt       BYTEA,
  subject    TEXT,
  details    TEXT,
  idx        BIGINT
);
CREATE UNIQUE INDEX trail_order ON trail_entries (idx) WHERE idx IS NOT NULL;
CREATE INDEX trail_unsealed ON trail_entries (id) WHERE idx IS NULL;
CREATE INDEX trail_subject ON trail_entries (subject, at_us) WHERE subject IS NOT NULL AND subject <> '';
CREATE TABLE trail_tiles (
  level BIGINT NOT NULL,
  n     BIGINT NOT NULL,
  width BIGINT NOT NULL,
  data  BYTEA  NOT NULL,
  PRIMARY KEY (level, n)
);
CREATE TABLE trail_heads (
  size      BIGINT NOT NULL PRIMARY KEY,
  prev_size BIGINT NOT NULL UNIQUE,
  root      TEXT   NOT NULL,
  signed    TEXT   NOT NULL,
  at_us     BIGINT NOT NULL
);
