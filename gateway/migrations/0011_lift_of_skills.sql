-- What decisions came to, with a skill offered and with everything held back, on days when some were held back.
ALTER TABLE effectiveness_rollup
  ADD COLUMN offered_passes  integer NOT NULL DEFAULT 0,
  ADD COLUMN offered_judged  integer NOT NULL DEFAULT 0,
  ADD COLUMN held_out_passes integer NOT NULL DEFAULT 0,
  ADD COLUMN held_out_judged integer NOT NULL DEFAULT 0;
