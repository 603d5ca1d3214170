-- (P) requests for works (W1-W22). Of a person there is what the offer and the
-- invoice need, and no column for more (W13); facts are the technical fields of
-- the kind. key is the keyed hash of the number, for the gate, code that of the
-- code (D10). phase and status are one each (W4).
CREATE TABLE works (
  id               TEXT    NOT NULL PRIMARY KEY,
  key              TEXT    NOT NULL UNIQUE,
  number           TEXT    NOT NULL,
  code             BYTEA   NOT NULL,
  kind             TEXT    NOT NULL,
  energy           TEXT    NOT NULL,
  requester        TEXT    NOT NULL,
  name             TEXT    NOT NULL,
  mail             TEXT    NOT NULL,
  telephone        TEXT    NOT NULL,
  language         TEXT    NOT NULL,
  channel          TEXT    NOT NULL,
  billing_name     TEXT    NOT NULL,
  billing_street   TEXT    NOT NULL,
  billing_postcode TEXT    NOT NULL,
  billing_town     TEXT    NOT NULL,
  company_number   TEXT    NOT NULL,
  street           TEXT    NOT NULL,
  postcode         TEXT    NOT NULL,
  town             TEXT    NOT NULL,
  facts            TEXT    NOT NULL,
  first_occupied   BIGINT  NOT NULL,
  dwelling         BOOLEAN NOT NULL,
  end_user         BOOLEAN NOT NULL,
  occupancy_id     TEXT    NOT NULL,
  partner_id       TEXT    NOT NULL,
  made_us          BIGINT  NOT NULL,
  phase            TEXT    NOT NULL,
  status           TEXT    NOT NULL,
  turn             TEXT    NOT NULL,
  since_us         BIGINT  NOT NULL,
  missing          TEXT    NOT NULL,
  missing_by_us    BIGINT  NOT NULL,
  study_not_needed BOOLEAN NOT NULL,
  offer            TEXT    NOT NULL,
  offer_until_us   BIGINT  NOT NULL,
  user_agreed_us   BIGINT  NOT NULL,
  day_us           BIGINT  NOT NULL,
  team             TEXT    NOT NULL,
  result           TEXT    NOT NULL,
  asset_us         BIGINT  NOT NULL,
  invoiced_us      BIGINT  NOT NULL,
  closed_us        BIGINT  NOT NULL
);
CREATE INDEX works_waiting ON works (turn, since_us, id) WHERE turn <> 'nobody';
CREATE INDEX works_of_team ON works (team, turn, since_us, id) WHERE turn <> 'nobody';
CREATE INDEX works_of_occupancy ON works (occupancy_id, made_us) WHERE occupancy_id <> '';
CREATE INDEX works_offered ON works (offer_until_us) WHERE status = 'offered';

-- each dated change of a request: by whom and why (W4).
CREATE TABLE works_steps (
  request_id  TEXT   NOT NULL REFERENCES works (id),
  place       BIGINT NOT NULL,
  at_us       BIGINT NOT NULL,
  event       TEXT   NOT NULL,
  from_status TEXT   NOT NULL,
  to_status   TEXT   NOT NULL,
  phase       TEXT   NOT NULL,
  actor_kind  TEXT   NOT NULL,
  actor_id    TEXT   NOT NULL,
  reason      TEXT   NOT NULL,
  PRIMARY KEY (request_id, place)
);

-- documents of a request; the file is evidence's.
CREATE TABLE works_papers (
  id          TEXT   NOT NULL PRIMARY KEY,
  request_id  TEXT   NOT NULL REFERENCES works (id),
  document    TEXT   NOT NULL,
  evidence_id TEXT   NOT NULL,
  added_us    BIGINT NOT NULL,
  actor_kind  TEXT   NOT NULL,
  actor_id    TEXT   NOT NULL
);
CREATE INDEX works_papers_of ON works_papers (request_id, added_us);
