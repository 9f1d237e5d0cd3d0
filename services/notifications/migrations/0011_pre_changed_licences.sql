-- An agency's name, zone and locale follow what it chooses later; what is older than the picture changes nothing.
SET lock_timeout = '5s';

ALTER TABLE agencies ADD COLUMN facts_version bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN agencies.facts_version IS 'Version of the licence at identity that this picture shows; 0: told before licences had versions';
COMMENT ON COLUMN agencies.version IS 'Rises with each change made here';
