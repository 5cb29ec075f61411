-- Copies of skills in accounts at vendors. One for each account and tree, whatever workspace the tree is from.
CREATE TABLE skill_provider_copies (
  account_fingerprint text NOT NULL,
  tree_digest         text NOT NULL,
  provider_skill_id   text NOT NULL,
  provider_version    text NOT NULL,
  uploaded_at         timestamptz NOT NULL,
  last_used_at        timestamptz NOT NULL,
  PRIMARY KEY (account_fingerprint, tree_digest)
);
CREATE INDEX skill_provider_copies_by_id ON skill_provider_copies (account_fingerprint, provider_skill_id);
CREATE INDEX skill_provider_copies_by_use ON skill_provider_copies (last_used_at);
