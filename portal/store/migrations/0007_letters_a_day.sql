-- (T) how many letters were sent to people without one on the day that began
-- then, in Brussels: one row, locked while a letter is counted.
CREATE TABLE letter_days (
  name     TEXT   NOT NULL PRIMARY KEY,
  began_us BIGINT NOT NULL,
  sent     BIGINT NOT NULL
);

-- browsers that are known no longer, to forget them (G7)
CREATE INDEX browsers_opened ON known_browsers (opened_us);
