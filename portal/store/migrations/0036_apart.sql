-- What is another partner's is sought as what is nobody's: through an index that
-- begins with whoever asks, so that no row of another is read before it is
-- refused (L10; guichet bench --timing).
CREATE INDEX mandates_apart ON mandates (partner_id, id);
CREATE INDEX works_apart ON works (partner_id, id) WHERE partner_id <> '';
CREATE INDEX partner_keys_in_force ON partner_keys (hash) WHERE ended_us = 0;
