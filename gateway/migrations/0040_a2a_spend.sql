-- What calls of an agent cost on a day.
ALTER TABLE a2a_activity ADD COLUMN cost_nano_usd bigint NOT NULL DEFAULT 0;
