-- (P) third parties: organisations, approved by an officer, and their people.
-- supplier is the code under which the register knows it as a supplier of
-- record; '' where it is none (L10).
CREATE TABLE partners (
  id             TEXT   NOT NULL PRIMARY KEY,
  name           TEXT   NOT NULL,
  company_number TEXT   NOT NULL,
  mail           TEXT   NOT NULL,
  privacy_mail   TEXT   NOT NULL,
  language       TEXT   NOT NULL,
  street         TEXT   NOT NULL,
  postcode       TEXT   NOT NULL,
  town           TEXT   NOT NULL,
  supplier       TEXT   NOT NULL,
  manager        TEXT   NOT NULL,
  status         TEXT   NOT NULL,
  asked_us       BIGINT NOT NULL,
  decided_us     BIGINT NOT NULL,
  decided_by     TEXT   NOT NULL,
  reason         TEXT   NOT NULL
);
-- Asking twice is allowed: what is known must not show in the answer (G13).
CREATE UNIQUE INDEX partners_company ON partners (company_number) WHERE status = 'approved' OR status = 'suspended';
CREATE INDEX partners_asked ON partners (asked_us, id);

-- invitation is the keyed hash of the one-time code that sets up the account,
-- until invited_us; empty and 0 once it did.
CREATE TABLE partner_people (
  login      TEXT   NOT NULL PRIMARY KEY,
  partner_id TEXT   NOT NULL REFERENCES partners (id),
  name       TEXT   NOT NULL,
  manager    BOOLEAN NOT NULL,
  password   TEXT   NOT NULL,
  invitation BYTEA  NOT NULL,
  invited_us BIGINT NOT NULL,
  seed       BYTEA  NOT NULL,
  step       BIGINT NOT NULL,
  failures   BIGINT NOT NULL,
  failed_us  BIGINT NOT NULL,
  added_us   BIGINT NOT NULL,
  ended_us   BIGINT NOT NULL
);
CREATE INDEX partner_people_of ON partner_people (partner_id, login);

-- id is the keyed hash of the cookie's token.
CREATE TABLE partner_sessions (
  id         TEXT   NOT NULL PRIMARY KEY,
  login      TEXT   NOT NULL REFERENCES partner_people (login),
  started_us BIGINT NOT NULL,
  ends_us    BIGINT NOT NULL,
  ended_us   BIGINT NOT NULL
);
CREATE INDEX partner_sessions_of ON partner_sessions (login) WHERE ended_us = 0;

-- hash is the keyed hash of the key, which is shown once and kept nowhere.
CREATE TABLE partner_keys (
  id         TEXT   NOT NULL PRIMARY KEY,
  partner_id TEXT   NOT NULL REFERENCES partners (id),
  name       TEXT   NOT NULL,
  hash       TEXT   NOT NULL UNIQUE,
  scopes     TEXT   NOT NULL,
  made_us    BIGINT NOT NULL,
  made_by    TEXT   NOT NULL,
  expires_us BIGINT NOT NULL,
  ended_us   BIGINT NOT NULL,
  used_us    BIGINT NOT NULL
);
CREATE INDEX partner_keys_of ON partner_keys (partner_id, made_us);
