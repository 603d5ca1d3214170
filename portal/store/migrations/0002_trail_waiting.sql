-- Where an entry of the trail waits for its place in the log, a second or two:
-- no key and no index, so that whoever records one pays for one append. The
-- sealer moves it to trail_entries. Rows are inserted and taken out; an erasure
-- empties salt, subject and details.
CREATE TABLE trail_waiting (
  id         TEXT   NOT NULL,
  at_us      BIGINT NOT NULL,
  actor_kind TEXT   NOT NULL,
  actor_id   TEXT   NOT NULL,
  action     TEXT   NOT NULL,
  ground     TEXT   NOT NULL,
  channel    TEXT   NOT NULL,
  commitment BYTEA  NOT NULL,
  salt       BYTEA,
  subject    TEXT,
  details    TEXT
);

-- The whole trail for whoever reads it: idx is NULL where an entry waits.
CREATE VIEW trail AS
SELECT id, at_us, actor_kind, actor_id, action, ground, channel, commitment, salt, subject, details, idx FROM trail_entries
UNION ALL
SELECT id, at_us, actor_kind, actor_id, action, ground, channel, commitment, salt, subject, details, NULL FROM trail_waiting;
