-- Finding what has expired, across tenants, without reading what lasts.

CREATE INDEX grants_expiring ON grants (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX group_members_expiring ON group_members (expires_at) WHERE expires_at IS NOT NULL;
