-- (P) letters that are about an occupancy: when each was queued, and when it
-- left or why it did not. What they say is never here.
CREATE TABLE letters_about (
  letter_id    TEXT   NOT NULL,
  occupancy_id TEXT   NOT NULL REFERENCES occupancies (id),
  kind         TEXT   NOT NULL,
  queued_us    BIGINT NOT NULL,
  handed_us    BIGINT NOT NULL,
  dropped_us   BIGINT NOT NULL,
  dropped_why  TEXT   NOT NULL,
  PRIMARY KEY (letter_id, occupancy_id)
);
CREATE INDEX letters_of_occupancy ON letters_about (occupancy_id, queued_us);

-- (P) what people say is wrong in their file, and what was decided. What they
-- wrote and what they were answered is sealed for the request's id.
CREATE TABLE rectifications (
  id           TEXT   NOT NULL PRIMARY KEY,
  occupancy_id TEXT   NOT NULL REFERENCES occupancies (id),
  field        TEXT   NOT NULL,
  sealed       BYTEA  NOT NULL,
  asked_us     BIGINT NOT NULL,
  decided_us   BIGINT NOT NULL,
  decided_by   TEXT   NOT NULL,
  decision     TEXT   NOT NULL,
  answer       BYTEA
);
CREATE INDEX rectifications_open ON rectifications (asked_us, id) WHERE decided_us = 0;
CREATE INDEX rectifications_of_occupancy ON rectifications (occupancy_id, asked_us);

-- (P) moves that the register told late (D3), and what had been shown, posted
-- or issued meanwhile to somebody who had gone: kind of thing, where its trail
-- entry or letter is, when.
CREATE TABLE late_moves (
  id           TEXT   NOT NULL PRIMARY KEY,
  occupancy_id TEXT   NOT NULL REFERENCES occupancies (id),
  moved_us     BIGINT NOT NULL,
  before_us    BIGINT NOT NULL,
  learnt_us    BIGINT NOT NULL,
  seen_us      BIGINT NOT NULL,
  seen_by      TEXT   NOT NULL
);
CREATE INDEX moves_unseen ON late_moves (learnt_us, id) WHERE seen_us = 0;
CREATE TABLE late_move_wrongs (
  move_id TEXT   NOT NULL REFERENCES late_moves (id),
  kind    TEXT   NOT NULL,
  what    TEXT   NOT NULL,
  at_us   BIGINT NOT NULL,
  PRIMARY KEY (move_id, kind, what)
);

-- (T) occupancies that get a letter with a reference once they, or their new
-- meter, have begun (G2).
CREATE TABLE letters_due (
  occupancy_id TEXT   NOT NULL REFERENCES occupancies (id),
  from_us      BIGINT NOT NULL,
  why          TEXT   NOT NULL,
  PRIMARY KEY (occupancy_id, from_us)
);
CREATE INDEX letters_due_from ON letters_due (from_us, occupancy_id);
