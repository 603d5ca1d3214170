-- Mails wait beside letters. tries and next_us are those of a mail: which try
-- comes next and when. mails counts what went to an address, by its keyed hash,
-- for as long as the limit of a day looks back.
ALTER TABLE outbox ADD COLUMN by_mail BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE outbox ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN next_us BIGINT NOT NULL DEFAULT 0;
CREATE INDEX outbox_mail ON outbox (next_us, id) WHERE by_mail;

CREATE TABLE mails (
  id      TEXT   NOT NULL PRIMARY KEY,
  address TEXT   NOT NULL,
  sent_us BIGINT NOT NULL
);
CREATE INDEX mails_to ON mails (address, sent_us);
CREATE INDEX mails_old ON mails (sent_us);

-- a paper's file finds its request, and files are found by when they came.
CREATE INDEX works_papers_file ON works_papers (evidence_id);
CREATE INDEX evidence_came ON evidence (added_us);
