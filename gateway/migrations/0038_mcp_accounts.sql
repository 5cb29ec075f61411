-- Accounts of people at tool servers. owner is a user, else a key; what is secret is sealed for its row.
CREATE TABLE mcp_credentials (
  owner      text NOT NULL,
  server_id  text NOT NULL,
  -- Empty for what was entered by hand.
  issuer     text NOT NULL,
  scope      text,
  expires_at timestamptz(3),
  status     text NOT NULL,
  sealed     text NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (owner, server_id)
);
CREATE INDEX mcp_credentials_server ON mcp_credentials (server_id, updated_at);

-- Who has agreed that a client may use an account.
CREATE TABLE mcp_consents (
  owner        text NOT NULL,
  server_id    text NOT NULL,
  client       text NOT NULL,
  redirect_uri text NOT NULL,
  given_at     timestamptz(3) NOT NULL,
  PRIMARY KEY (owner, server_id, client, redirect_uri)
);

-- The gateway as a client of authorization servers, where it registered itself.
CREATE TABLE mcp_issuer_clients (
  server_id  text NOT NULL,
  issuer     text NOT NULL,
  sealed     text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (server_id, issuer)
);

-- Tokens of the gateway that clients got by signing in, as digests. They stand for a key, at one server.
CREATE TABLE mcp_grants (
  grant_id           text PRIMARY KEY,
  owner              text NOT NULL,
  key_hash           text NOT NULL,
  server_id          text NOT NULL,
  client             text NOT NULL,
  resource           text NOT NULL,
  scope              text,
  access_hash        text NOT NULL UNIQUE,
  access_expires_at  timestamptz(3) NOT NULL,
  refresh_hash       text NOT NULL UNIQUE,
  refresh_expires_at timestamptz(3) NOT NULL
);
CREATE INDEX mcp_grants_owner ON mcp_grants (owner, server_id);
