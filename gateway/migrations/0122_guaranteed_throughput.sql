-- Keys that were promised a rate of their own are added up when another one is made.
CREATE INDEX virtual_keys_guaranteed ON virtual_keys (token_hash)
WHERE settings ->> 'rpm_limit_type' = 'guaranteed_throughput' OR settings ->> 'tpm_limit_type' = 'guaranteed_throughput';
