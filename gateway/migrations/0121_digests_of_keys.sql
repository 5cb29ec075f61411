-- Every digest a key had after its first one, its account: what the ledger has of them counts for the account. Rows stay when
-- the key is gone, as the ledger does, since keys it was made with are charged for it.
CREATE TABLE key_digests (
  account text NOT NULL,
  digest  text NOT NULL,
  PRIMARY KEY (account, digest)
);

INSERT INTO key_digests (account, digest)
SELECT settings -> 'former_hashes' ->> 0, digest
FROM virtual_keys, LATERAL (
  SELECT jsonb_array_elements_text(settings -> 'former_hashes') AS digest UNION SELECT token_hash
) AS digests
WHERE settings -> 'former_hashes' ->> 0 IS NOT NULL AND digest <> settings -> 'former_hashes' ->> 0;

-- Keys name those made with them by their accounts alone.
UPDATE virtual_keys SET settings = settings || jsonb_build_object('minted_hashes', (
  SELECT coalesce(jsonb_agg(minted), '[]'::jsonb)
  FROM jsonb_array_elements_text(settings -> 'minted_hashes') AS minted
  WHERE minted NOT IN (SELECT digest FROM key_digests)
))
WHERE jsonb_typeof(settings -> 'minted_hashes') = 'array';
