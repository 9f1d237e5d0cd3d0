-- Since when an administrator stands down to be taken out of service. Whatever happens to him then clears it; whoever
-- keeps it was left so by an outage or a dying process, and is told of anew.

ALTER TABLE users ADD COLUMN stands_down_since timestamptz;
COMMENT ON COLUMN users.stands_down_since IS 'NULL: not since the last change of the person';
CREATE INDEX users_standing_down ON users (stands_down_since) WHERE stands_down_since IS NOT NULL;
