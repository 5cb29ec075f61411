-- Who leads the replicas, and the remote configuration they share.
CREATE TABLE leases (
  name text PRIMARY KEY,
  holder text NOT NULL,
  -- Grows with every change of hands.
  token bigint NOT NULL,
  expires_at timestamptz NOT NULL
);

CREATE TABLE config_snapshots (
  -- Digest of the place it came from.
  source text PRIMARY KEY,
  -- Grows with every document.
  version bigint NOT NULL,
  -- The highest token of a leader that wrote here.
  token bigint NOT NULL,
  etag text,
  -- The document, sealed.
  content text NOT NULL,
  published_at timestamptz NOT NULL
);
