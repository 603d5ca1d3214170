-- what happened to requests on the portal, for the operator's works system to
-- read on from a place (D13). works_events_last holds the last place: whoever adds
-- one holds its row until the commit, so that places are in the order in which
-- they became visible and no reader passes over one.
CREATE TABLE works_events (
  place      BIGINT NOT NULL PRIMARY KEY,
  request_id TEXT   NOT NULL,
  kind       TEXT   NOT NULL,
  at_us      BIGINT NOT NULL
);
CREATE TABLE works_events_last (
  place BIGINT NOT NULL
);
INSERT INTO works_events (place, request_id, kind, at_us)
  SELECT ROW_NUMBER() OVER (ORDER BY made_us, id), id, 'captured', made_us FROM works;
INSERT INTO works_events_last (place) SELECT COUNT(*) FROM works_events;

-- what the works system calls a document that it brought; '' for the others.
ALTER TABLE works_papers ADD COLUMN external_id TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX works_papers_external ON works_papers (request_id, external_id) WHERE external_id <> '';
