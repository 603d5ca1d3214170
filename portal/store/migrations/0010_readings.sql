-- (P) when each meter is to be read, and what is known of its registers.
CREATE TABLE reading_windows (
  id         TEXT    NOT NULL PRIMARY KEY,
  ean        TEXT    NOT NULL REFERENCES access_points (ean),
  meter_id   TEXT    NOT NULL REFERENCES meters (id),
  from_us    BIGINT  NOT NULL,
  to_us      BIGINT  NOT NULL,
  production BOOLEAN NOT NULL,
  ended_us   BIGINT  NOT NULL
);
CREATE UNIQUE INDEX windows_of_meter ON reading_windows (meter_id, from_us);
CREATE INDEX windows_over ON reading_windows (to_us, id) WHERE ended_us = 0;
CREATE TABLE window_registers (
  window_id  TEXT    NOT NULL REFERENCES reading_windows (id),
  register   TEXT    NOT NULL,
  place      BIGINT  NOT NULL,
  digits     BIGINT  NOT NULL,
  last_index BIGINT  NOT NULL,
  last_day   BIGINT  NOT NULL,
  exchanged  BOOLEAN NOT NULL,
  closing    BIGINT  NOT NULL,
  opening    BIGINT  NOT NULL,
  yearly     BIGINT  NOT NULL,
  PRIMARY KEY (window_id, register)
);

-- (P) readings of registers: typed by customers, or estimated.
CREATE TABLE index_readings (
  id           TEXT   NOT NULL PRIMARY KEY,
  window_id    TEXT   NOT NULL REFERENCES reading_windows (id),
  register     TEXT   NOT NULL,
  round        BIGINT NOT NULL,
  occupancy_id TEXT   NOT NULL REFERENCES occupancies (id),
  value        BIGINT NOT NULL,
  consumed     BIGINT NOT NULL,
  finding      TEXT   NOT NULL,
  read_day     BIGINT NOT NULL,
  who          TEXT   NOT NULL,
  at_us        BIGINT NOT NULL,
  status       TEXT   NOT NULL,
  batch        TEXT   NOT NULL,
  final        BIGINT NOT NULL,
  settled_us   BIGINT NOT NULL
);
CREATE UNIQUE INDEX readings_of_window ON index_readings (window_id, register, round);
CREATE INDEX readings_of_occupancy ON index_readings (occupancy_id, at_us);
CREATE INDEX readings_of_batch ON index_readings (batch) WHERE batch <> '';
CREATE INDEX readings_to_hand_over ON index_readings (status) WHERE batch = '';

-- (T) the weather: tenths of degree-days by local day.
CREATE TABLE degree_days (
  day    BIGINT NOT NULL PRIMARY KEY,
  tenths BIGINT NOT NULL
);
