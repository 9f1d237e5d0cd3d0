-- Permissions that an agency's modules bring, beside those of the catalogue that this release knows.

CREATE TABLE module_permissions (
    tenant_id uuid NOT NULL REFERENCES tenants,
    key text NOT NULL CHECK (length(key) <= 100),
    section text NOT NULL,
    record_class text NOT NULL CHECK (record_class IN ('read', 'write', 'identity', 'none')),
    reaches text[] NOT NULL,
    names jsonb NOT NULL,
    descriptions jsonb NOT NULL,
    registered_by uuid NOT NULL,
    registered_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, key),
    CONSTRAINT module_permissions_of_section CHECK (key LIKE section || '.%')
);
COMMENT ON COLUMN module_permissions.names IS 'by language; at least English';
SELECT fence_tenant('module_permissions');
