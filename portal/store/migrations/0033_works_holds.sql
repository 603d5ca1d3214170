-- (P) each time that a company followed a request that another made (D10), from
-- when to when: whose access the requester ended does not come back by its code,
-- and officers see who followed. ended_us is 0 as long as it may.
CREATE TABLE works_holds (
  request_id TEXT   NOT NULL REFERENCES works (id),
  place      BIGINT NOT NULL,
  company    TEXT   NOT NULL,
  way        TEXT   NOT NULL,
  since_us   BIGINT NOT NULL,
  ended_us   BIGINT NOT NULL,
  ended_kind TEXT   NOT NULL,
  ended_id   TEXT   NOT NULL,
  PRIMARY KEY (request_id, place)
);
INSERT INTO works_holds (request_id, place, company, way, since_us, ended_us, ended_kind, ended_id)
  SELECT request_id, ROW_NUMBER() OVER (PARTITION BY request_id ORDER BY since_us, company), company, way, since_us, 0, '', '' FROM works_holders;
DROP TABLE works_holders;
CREATE UNIQUE INDEX works_holds_now ON works_holds (company, request_id) WHERE ended_us = 0;
