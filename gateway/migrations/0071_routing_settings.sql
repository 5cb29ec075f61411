-- What admins set of routing over the API; it counts before flags, environment and file.
CREATE TABLE routing_settings (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  -- Grows with every change.
  version bigint NOT NULL,
  settings jsonb NOT NULL
);
