-- (P) uploaded documents: what is known of each, and its sealed bytes apart, so
-- that a change of the one never writes the other anew. subject is what it is
-- evidence for: 'mandate:' and its id.
CREATE TABLE evidence (
  id         TEXT   NOT NULL PRIMARY KEY,
  subject    TEXT   NOT NULL,
  name       TEXT   NOT NULL,
  type       TEXT   NOT NULL,
  size       BIGINT NOT NULL,
  hash       BYTEA  NOT NULL,
  status     TEXT   NOT NULL,
  added_us   BIGINT NOT NULL,
  added_by   TEXT   NOT NULL,
  settled_us BIGINT NOT NULL,
  found      TEXT   NOT NULL
);
CREATE INDEX evidence_of ON evidence (subject, added_us);
CREATE INDEX evidence_waiting ON evidence (id) WHERE status = 'quarantined';

CREATE TABLE evidence_content (
  evidence_id TEXT  NOT NULL PRIMARY KEY REFERENCES evidence (id),
  sealed      BYTEA NOT NULL
);
