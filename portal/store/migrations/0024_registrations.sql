-- (P) suppliers' registrations that the access register accepted, by the code
-- under which the market knows the supplier (L10, L26).
CREATE TABLE registrations (
  id       TEXT   NOT NULL PRIMARY KEY,
  ean      TEXT   NOT NULL REFERENCES access_points (ean),
  supplier TEXT   NOT NULL,
  from_us  BIGINT NOT NULL,
  to_us    BIGINT NOT NULL
);
CREATE UNIQUE INDEX registrations_of_point ON registrations (ean, from_us);
CREATE INDEX registrations_of_supplier ON registrations (supplier, id);

-- (P) how they ended. It stands apart so that no row, and so no length and no
-- time, of what suppliers read tells a drop from any other end (L14, L15, Ld8).
CREATE TABLE registration_ends (
  registration_id TEXT NOT NULL PRIMARY KEY REFERENCES registrations (id),
  scenario        TEXT NOT NULL
);

-- One organisation for a supplier's code: two would both get its customers. Until
-- now nobody compared it, and nothing left under it: of those that share one, none
-- keeps it, for which of them it belongs to is not known here, and to have asked
-- first proves nothing (L10).
UPDATE partners SET supplier = '' WHERE status <> 'asked' AND status <> 'refused' AND supplier IN
  (SELECT supplier FROM partners WHERE supplier <> '' AND status <> 'asked' AND status <> 'refused' GROUP BY supplier HAVING COUNT(*) > 1);

CREATE UNIQUE INDEX partners_supplier ON partners (supplier) WHERE supplier <> '' AND status <> 'asked' AND status <> 'refused';
