-- (P) a partner that carries out works for customers follows their requests
-- (D10): those it made, and those it holds by their code or by the requester's
-- consent. A holder is a company number, not a partner: what a requester types
-- is compared with nothing (G13).
ALTER TABLE partners ADD COLUMN installer BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX works_of_partner ON works (partner_id, due_us, id) WHERE partner_id <> '';

CREATE TABLE works_holders (
  request_id TEXT   NOT NULL REFERENCES works (id),
  company    TEXT   NOT NULL,
  way        TEXT   NOT NULL,
  since_us   BIGINT NOT NULL,
  PRIMARY KEY (request_id, company)
);
CREATE INDEX works_holders_of ON works_holders (company, request_id);
