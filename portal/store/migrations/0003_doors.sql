-- (P) the public doors and their kill switch: who closed one and why, who asks
-- to open it again. A door without a row is shut.
CREATE TABLE doors (
  name         TEXT   NOT NULL PRIMARY KEY,
  closed_us    BIGINT NOT NULL,
  closed_by    TEXT   NOT NULL,
  reason       TEXT   NOT NULL,
  asked_us     BIGINT NOT NULL,
  asked_by     TEXT   NOT NULL,
  asked_reason TEXT   NOT NULL
);
INSERT INTO doors (name, closed_us, closed_by, reason, asked_us, asked_by, asked_reason) VALUES
  ('gate', 0, '', '', 0, '', ''), ('works', 0, '', '', 0, '', ''), ('partners', 0, '', '', 0, '', '');

-- (T) the highest time that any process has written, in one row, and how often
-- it was set by hand; and the last beat of each serving process.
CREATE TABLE clock_mark (
  name    TEXT   NOT NULL PRIMARY KEY,
  mark_us BIGINT NOT NULL,
  setting BIGINT NOT NULL
);
INSERT INTO clock_mark (name, mark_us, setting) VALUES ('mark', 0, 0);
CREATE TABLE heartbeats (
  process TEXT   NOT NULL PRIMARY KEY,
  beat    BIGINT NOT NULL,
  wall_us BIGINT NOT NULL
);

-- (P) backups that were put back and accepted: from the newest head that the
-- log and the heads kept outside share, to the newest kept outside. id is the
-- trail entry's.
CREATE TABLE trail_restores (
  id        TEXT   NOT NULL PRIMARY KEY,
  from_size BIGINT NOT NULL,
  to_size   BIGINT NOT NULL,
  at_us     BIGINT NOT NULL,
  login     TEXT   NOT NULL
);

-- Closing the gate ends the visits that are live.
CREATE INDEX visits_live ON visits (ends_us) WHERE ended_us = 0;
