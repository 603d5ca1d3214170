-- (P) what customers signed for, and what became of it (L29, Ld4).
CREATE TABLE mandates (
  id             TEXT    NOT NULL PRIMARY KEY,
  partner_id     TEXT    NOT NULL REFERENCES partners (id),
  name           TEXT    NOT NULL,
  company_number TEXT    NOT NULL,
  capacity       TEXT    NOT NULL,
  signed_by      TEXT    NOT NULL,
  street         TEXT    NOT NULL,
  postcode       TEXT    NOT NULL,
  town           TEXT    NOT NULL,
  language       TEXT    NOT NULL,
  kinds          TEXT    NOT NULL,
  data_from_us   BIGINT  NOT NULL,
  data_to_us     BIGINT  NOT NULL,
  valid_from_us  BIGINT  NOT NULL,
  valid_to_us    BIGINT  NOT NULL,
  purpose        TEXT    NOT NULL,
  once           BOOLEAN NOT NULL,
  status         TEXT    NOT NULL,
  version        BIGINT  NOT NULL,
  text           BYTEA   NOT NULL,
  reason         TEXT    NOT NULL,
  renews         TEXT    NOT NULL,
  created_us     BIGINT  NOT NULL,
  given_us       BIGINT  NOT NULL,
  decided_us     BIGINT  NOT NULL,
  signature      TEXT    NOT NULL
);
CREATE INDEX mandates_of_partner ON mandates (partner_id, created_us, id);
CREATE INDEX mandates_given ON mandates (given_us, id) WHERE status = 'given-in';

-- place keeps the order of the document; letter_id is the letter that tells the
-- customer, of which letters_about knows when it left (D8).
CREATE TABLE mandate_lines (
  mandate_id   TEXT    NOT NULL REFERENCES mandates (id),
  place        BIGINT  NOT NULL,
  ean          TEXT    NOT NULL,
  outcome      TEXT    NOT NULL,
  reason       TEXT    NOT NULL,
  occupancy_id TEXT    NOT NULL,
  granted_us   BIGINT  NOT NULL,
  proven       BOOLEAN NOT NULL,
  letter_id    TEXT    NOT NULL,
  confirmed_us BIGINT  NOT NULL,
  ended_us     BIGINT  NOT NULL,
  ended_as     TEXT    NOT NULL,
  delivered_us BIGINT  NOT NULL,
  PRIMARY KEY (mandate_id, place)
);
CREATE UNIQUE INDEX mandate_lines_point ON mandate_lines (mandate_id, ean);
CREATE INDEX mandate_lines_of_occupancy ON mandate_lines (occupancy_id) WHERE occupancy_id <> '';

-- signed documents of a mandate; the file is evidence's.
CREATE TABLE mandate_documents (
  id          TEXT   NOT NULL PRIMARY KEY,
  mandate_id  TEXT   NOT NULL REFERENCES mandates (id),
  evidence_id TEXT   NOT NULL,
  version     BIGINT NOT NULL,
  hash        BYTEA  NOT NULL,
  added_us    BIGINT NOT NULL,
  added_by    TEXT   NOT NULL
);
CREATE INDEX mandate_documents_of ON mandate_documents (mandate_id, added_us);
