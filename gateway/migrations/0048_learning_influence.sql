-- Whose judgements the sums are of, so that no key outweighs the others; '' for those of admins and of the gateway itself.
ALTER TABLE model_learning ADD COLUMN key_hash text NOT NULL DEFAULT '';
ALTER TABLE model_learning DROP CONSTRAINT model_learning_pkey;
ALTER TABLE model_learning ADD PRIMARY KEY (bundle_id, domain, tier, arm, day, epoch, key_hash);
