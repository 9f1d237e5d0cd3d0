-- Licences are changed, by their administrators and by the operator, each on top of what he saw.
SET lock_timeout = '5s';

ALTER TABLE licences ADD COLUMN version bigint NOT NULL DEFAULT 1;
COMMENT ON COLUMN licences.version IS 'of name, zone, locale, ownership, licence code and seats; sign_in_version is that of the rest';
