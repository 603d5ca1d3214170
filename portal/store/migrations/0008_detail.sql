-- When an occupant withdrew the choice of detail, or a move ended it (D5): an
-- older file of the register does not bring it back. 0: never.
ALTER TABLE occupancies ADD COLUMN detail_ended_us BIGINT NOT NULL DEFAULT 0;
-- Choices that a move will end.
CREATE INDEX detail_chosen ON occupancies (to_us) WHERE detail_us > 0;
