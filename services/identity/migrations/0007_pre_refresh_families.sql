-- Refresh tokens that answer parallel tabs alike, where a session was opened, and when a key begins to sign.

ALTER TABLE refresh_tokens ADD COLUMN successor bytea;
COMMENT ON COLUMN refresh_tokens.successor IS 'the next token, sealed with this one: of no use without it';

ALTER TABLE sessions ADD COLUMN address text NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN user_agent text NOT NULL DEFAULT '';
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;

ALTER TABLE signing_keys ADD COLUMN signs_from timestamptz NOT NULL DEFAULT '1970-01-01T00:00:00Z';
