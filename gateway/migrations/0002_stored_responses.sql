-- Responses kept for GET and for previous_response_id. content is JSON text, or an envelope of it when a salt key is
-- configured. owner is the caller's own scope; a response is never found under another.
CREATE TABLE stored_responses (
  id          text PRIMARY KEY,
  owner       text NOT NULL,
  previous_id text,
  model       text NOT NULL,
  content     text NOT NULL,
  created_at  timestamptz(3) NOT NULL,
  expires_at  timestamptz(3) NOT NULL
);

CREATE INDEX stored_responses_expires_at ON stored_responses (expires_at);
