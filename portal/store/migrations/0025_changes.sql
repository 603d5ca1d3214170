-- (P) the SHA-256 of the client certificate without which a key opens nothing,
-- in hexadecimal; '' where it needs none.
ALTER TABLE partner_keys ADD COLUMN certificate TEXT NOT NULL DEFAULT '';

-- (P) when what is stored of a period changed last, for those who fetch only
-- what is new; 0: before that was kept.
ALTER TABLE reading_days ADD COLUMN changed_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE reading_months ADD COLUMN changed_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE reading_totals ADD COLUMN changed_us BIGINT NOT NULL DEFAULT 0;
