-- (P) on what ground, other than living there, somebody sees the history of an
-- access point (D7): of whose stay (none: of a vacancy), who they are, over what
-- period, until when, who asked for it and who decided. The note on the evidence
-- is sealed for the ground's id.
CREATE TABLE grounds (
  id           TEXT   NOT NULL PRIMARY KEY,
  ean          TEXT   NOT NULL REFERENCES access_points (ean),
  occupancy_id TEXT   NOT NULL,
  kind         TEXT   NOT NULL,
  name         TEXT   NOT NULL,
  language     TEXT   NOT NULL,
  street       TEXT   NOT NULL,
  postcode     TEXT   NOT NULL,
  town         TEXT   NOT NULL,
  from_us      BIGINT NOT NULL,
  to_us        BIGINT NOT NULL,
  until_us     BIGINT NOT NULL,
  evidence     BYTEA  NOT NULL,
  asked_us     BIGINT NOT NULL,
  asked_by     TEXT   NOT NULL,
  decided_us   BIGINT NOT NULL,
  decided_by   TEXT   NOT NULL,
  decision     TEXT   NOT NULL,
  ended_us     BIGINT NOT NULL,
  ended_by     TEXT   NOT NULL,
  ended_why    TEXT   NOT NULL
);
CREATE INDEX grounds_newest ON grounds (asked_us, id);

-- (S) references issued on such a ground, apart from the occupants' so that none
-- ever ends, counts as or is listed with one of theirs: keyed hashes only.
CREATE TABLE ground_references (
  key           TEXT   NOT NULL PRIMARY KEY,
  ground_id     TEXT   NOT NULL REFERENCES grounds (id),
  meter_id      TEXT   NOT NULL REFERENCES meters (id),
  digits        BYTEA  NOT NULL,
  letter_code   BYTEA  NOT NULL,
  issued_us     BIGINT NOT NULL,
  first_used_us BIGINT NOT NULL,
  ended_us      BIGINT NOT NULL
);
CREATE INDEX references_of_ground ON ground_references (ground_id);
