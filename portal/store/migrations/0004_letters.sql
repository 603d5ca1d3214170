-- (S) requests for a letter: the EAN that was typed, sealed, until it is handled.
CREATE TABLE letter_requests (
  id       TEXT   NOT NULL PRIMARY KEY,
  asked_us BIGINT NOT NULL,
  sealed   BYTEA  NOT NULL
);

-- (T) how many digits the imported references have, or had.
CREATE TABLE legacy_lengths (
  length BIGINT NOT NULL PRIMARY KEY
);

-- (T) how often the likeliest digits come (G8): one row, its shares as JSON.
CREATE TABLE digit_shares (
  name        TEXT   NOT NULL PRIMARY KEY,
  measured_us BIGINT NOT NULL,
  share       TEXT   NOT NULL
);
-- They are measured one postcode after another.
CREATE INDEX points_by_postcode ON access_points (postcode);
