-- Failures the gateway saw itself: they teach, and are left out where the mean of scores is a measure of quality.
ALTER TABLE model_feedback ADD COLUMN automatic boolean NOT NULL DEFAULT false;
