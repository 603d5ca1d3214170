-- When a request got another code than its first (D10); 0: it never did.
ALTER TABLE works ADD COLUMN code_us BIGINT NOT NULL DEFAULT 0;
