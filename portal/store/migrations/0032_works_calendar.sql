-- secret addresses of calendars: an installer's person has one, and a request
-- has one for its requester. hash is the keyed hash of the token, which is shown
-- once and kept nowhere; a new one takes the old one's place.
CREATE TABLE works_feeds (
  hash       TEXT   NOT NULL PRIMARY KEY,
  login      TEXT   NOT NULL,
  request_id TEXT   NOT NULL,
  made_us    BIGINT NOT NULL
);
CREATE UNIQUE INDEX works_feeds_of ON works_feeds (login, request_id);

-- partners that want one mail a day about their requests; sent_us is up to when
-- they were told what changed.
CREATE TABLE works_digests (
  partner_id TEXT   NOT NULL PRIMARY KEY REFERENCES partners (id),
  sent_us    BIGINT NOT NULL
);

-- of which date a requester was reminded: of each once, of another day anew.
CREATE TABLE works_reminders (
  request_id TEXT   NOT NULL REFERENCES works (id),
  what       TEXT   NOT NULL,
  until_us   BIGINT NOT NULL,
  told_us    BIGINT NOT NULL,
  PRIMARY KEY (request_id, what, until_us)
);
CREATE INDEX works_planned ON works (day_us, id) WHERE status = 'planned';

-- when the portal learnt that a request went on: the works system tells of days
-- that are past, and who is told once a day must hear of those, too.
ALTER TABLE works ADD COLUMN moved_us BIGINT NOT NULL DEFAULT 0;
UPDATE works SET moved_us = since_us;
