-- Stamps: a person's own list of named record rights, to be set on records (ON-23..33). They decide nothing here.

CREATE TABLE stamps (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX stamps_name_key ON stamps (tenant_id, user_id, lower(name));
CREATE INDEX stamps_newest ON stamps (tenant_id, user_id, created_at DESC, id DESC);
SELECT fence_tenant('stamps');

CREATE TABLE stamp_entries (
    tenant_id uuid NOT NULL,
    stamp_id uuid NOT NULL,
    holder_kind text NOT NULL CHECK (holder_kind IN ('user', 'team', 'office')),
    holder_id uuid NOT NULL,
    record_class text NOT NULL CHECK (record_class IN ('read', 'write', 'identity')),
    effect text NOT NULL CHECK (effect IN ('allow', 'deny')),
    PRIMARY KEY (tenant_id, stamp_id, holder_kind, holder_id, record_class),
    FOREIGN KEY (tenant_id, stamp_id) REFERENCES stamps ON DELETE CASCADE
);
COMMENT ON COLUMN stamp_entries.holder_id IS 'bound to ids: a stamp survives that somebody changes teams (ON-32)';
SELECT fence_tenant('stamp_entries');
