-- Permission groups, who is in them, and what was granted.

CREATE TABLE permission_groups (
    tenant_id uuid NOT NULL REFERENCES tenants,
    id uuid NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    is_employee_group boolean NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX permission_groups_name_key ON permission_groups (tenant_id, lower(name));
CREATE INDEX permission_groups_newest ON permission_groups (tenant_id, created_at DESC, id DESC);
SELECT fence_tenant('permission_groups');

CREATE TABLE group_members (
    tenant_id uuid NOT NULL,
    group_id uuid NOT NULL,
    user_id uuid NOT NULL,
    expires_at timestamptz,
    added_by uuid,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, group_id, user_id),
    FOREIGN KEY (tenant_id, group_id) REFERENCES permission_groups
);
COMMENT ON COLUMN group_members.user_id IS 'no reference: the first administrator is a member before he is told of';
COMMENT ON COLUMN group_members.added_by IS 'NULL: member from the start of the agency';
CREATE INDEX group_members_of_user ON group_members (tenant_id, user_id);
SELECT fence_tenant('group_members');

CREATE TABLE grants (
    tenant_id uuid NOT NULL REFERENCES tenants,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    holder_kind text NOT NULL CHECK (holder_kind IN ('group', 'user', 'template')),
    holder_id uuid NOT NULL,
    key text NOT NULL,
    reach text NOT NULL
        CHECK (reach IN ('all', 'region', 'principal', 'secondary', 'office', 'own', 'user', 'team')),
    reach_id uuid,
    view text NOT NULL CHECK (view IN ('full', 'public')),
    expires_at timestamptz,
    granted_by uuid,
    granted_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, seq),
    CONSTRAINT grants_once UNIQUE NULLS NOT DISTINCT (tenant_id, holder_kind, holder_id, key, reach, reach_id, view),
    CONSTRAINT grants_named CHECK ((reach_id IS NOT NULL) = (reach IN ('office', 'user', 'team'))),
    CONSTRAINT grants_personal_in_full CHECK (view = 'full' OR reach NOT IN ('own', 'user', 'team'))
);
COMMENT ON COLUMN grants.granted_by IS 'NULL: granted at the start of the agency';
SELECT fence_tenant('grants');
