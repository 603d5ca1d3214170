-- when the next date of a request passes, the requester's or the legal one. The
-- greatest number stands where none runs: lists are in this order.
ALTER TABLE works ADD COLUMN due_us BIGINT NOT NULL DEFAULT 4611686018427387904;
DROP INDEX works_waiting;
DROP INDEX works_of_team;
CREATE INDEX works_due ON works (turn, due_us, id) WHERE turn <> 'nobody';
CREATE INDEX works_due_of_team ON works (team, turn, due_us, id) WHERE turn <> 'nobody';
CREATE INDEX works_due_of_kind ON works (kind, turn, due_us, id) WHERE turn <> 'nobody';
CREATE INDEX works_due_of_both ON works (team, kind, turn, due_us, id) WHERE turn <> 'nobody';

-- (P) technical data of works that were carried out (W14). Of a person it has
-- exactly two fields, the name of the network user and the date of effect of
-- the supply contract, both from the access register (W15, W16); who asked for
-- the works has no column here (W17).
CREATE TABLE works_assets (
  id             TEXT   NOT NULL PRIMARY KEY,
  request_id     TEXT   NOT NULL,
  made_us        BIGINT NOT NULL,
  kind           TEXT   NOT NULL,
  energy         TEXT   NOT NULL,
  ean            TEXT   NOT NULL,
  done_us        BIGINT NOT NULL,
  facts          TEXT   NOT NULL,
  network_user   TEXT   NOT NULL,
  supply_from_us BIGINT NOT NULL
);
CREATE INDEX works_assets_of ON works_assets (request_id, made_us);

-- what the bank says was paid, once each; no account and no name (W13). text is
-- what was sent with a payment that has no communication.
CREATE TABLE works_payments (
  id            TEXT   NOT NULL PRIMARY KEY,
  entry_us      BIGINT NOT NULL,
  value_us      BIGINT NOT NULL,
  cents         BIGINT NOT NULL,
  bank          TEXT   NOT NULL,
  communication TEXT   NOT NULL,
  text          TEXT   NOT NULL,
  file          TEXT   NOT NULL,
  state         TEXT   NOT NULL,
  wait          TEXT   NOT NULL,
  request_id    TEXT   NOT NULL,
  at_us         BIGINT NOT NULL,
  actor_kind    TEXT   NOT NULL,
  actor_id      TEXT   NOT NULL,
  reason        TEXT   NOT NULL
);
CREATE INDEX works_payments_waiting ON works_payments (entry_us, id) WHERE state = 'waiting';
CREATE INDEX works_payments_of ON works_payments (request_id, entry_us) WHERE request_id <> '';
