-- How a bill came about, and the tier the provider billed; null in rows written before.
ALTER TABLE spend_logs
  ADD COLUMN gross_nano_usd    bigint,
  ADD COLUMN discount_nano_usd bigint,
  ADD COLUMN margin_nano_usd   bigint,
  ADD COLUMN service_tier      text;
