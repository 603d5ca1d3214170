-- (P) many access points asked for at once, with what came of each line.
-- worked_us is until when a worker holds it.
CREATE TABLE batches (
  id         TEXT   NOT NULL PRIMARY KEY,
  partner_id TEXT   NOT NULL REFERENCES partners (id),
  actor      TEXT   NOT NULL,
  grain      TEXT   NOT NULL,
  from_us    BIGINT NOT NULL,
  to_us      BIGINT NOT NULL,
  made_us    BIGINT NOT NULL,
  worked_us  BIGINT NOT NULL,
  done_us    BIGINT NOT NULL
);
CREATE INDEX batches_of_partner ON batches (partner_id, id);
CREATE INDEX batches_waiting ON batches (id) WHERE done_us = 0;
CREATE INDEX batches_over ON batches (made_us);

-- outcome is '' until it was worked, then 'delivered' or why it was refused,
-- result is the delivery, packed and sealed.
CREATE TABLE batch_lines (
  batch_id   TEXT   NOT NULL REFERENCES batches (id),
  place      BIGINT NOT NULL,
  mandate_id TEXT   NOT NULL,
  ean        TEXT   NOT NULL,
  outcome    TEXT   NOT NULL,
  entry      TEXT   NOT NULL,
  result     BYTEA  NOT NULL,
  PRIMARY KEY (batch_id, place)
);
CREATE INDEX batch_lines_waiting ON batch_lines (batch_id, place) WHERE outcome = '';

-- (P) where partners are told that something happened, secret is sealed.
CREATE TABLE hooks (
  id         TEXT   NOT NULL PRIMARY KEY,
  partner_id TEXT   NOT NULL REFERENCES partners (id),
  url        TEXT   NOT NULL,
  secret     BYTEA  NOT NULL,
  made_us    BIGINT NOT NULL,
  ended_us   BIGINT NOT NULL
);
CREATE INDEX hooks_of_partner ON hooks (partner_id, id);
CREATE TABLE partner_events (
  id         TEXT   NOT NULL PRIMARY KEY,
  partner_id TEXT   NOT NULL REFERENCES partners (id),
  kind       TEXT   NOT NULL,
  about      TEXT   NOT NULL,
  at_us      BIGINT NOT NULL
);
CREATE INDEX partner_events_of ON partner_events (partner_id, id);
CREATE INDEX partner_events_old ON partner_events (at_us);
CREATE TABLE hook_posts (
  event_id TEXT   NOT NULL REFERENCES partner_events (id),
  hook_id  TEXT   NOT NULL REFERENCES hooks (id),
  tries    BIGINT NOT NULL,
  next_us  BIGINT NOT NULL,
  status   TEXT   NOT NULL,
  PRIMARY KEY (event_id, hook_id)
);
CREATE INDEX hook_posts_due ON hook_posts (next_us, event_id) WHERE status = 'waiting';
