-- (P) totals that came without their days and are no whole calendar month: the
-- part of a month, or a year, with their own bounds. Local days; until_day is
-- the first one that no longer counts. One is shown only where an occupancy
-- sees just that period, so that no move can be straddled (Ld3).
CREATE TABLE reading_totals (
  ean       TEXT    NOT NULL,
  register  TEXT    NOT NULL,
  from_day  BIGINT  NOT NULL,
  until_day BIGINT  NOT NULL,
  amount    BIGINT  NOT NULL,
  estimated BOOLEAN NOT NULL,
  missing   BOOLEAN NOT NULL,
  PRIMARY KEY (ean, register, from_day, until_day)
);
