-- When and from where people get in: policies of the agency, of templates, of persons; named networks.

CREATE TABLE network_zones (
    tenant_id uuid NOT NULL REFERENCES licences,
    id uuid NOT NULL,
    name text NOT NULL,
    networks text[] NOT NULL CONSTRAINT network_zones_networks_check CHECK (cardinality(networks) > 0),
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT network_zones_name_key UNIQUE (tenant_id, name)
);
SELECT fence_tenant('network_zones');

CREATE TABLE access_templates (
    tenant_id uuid NOT NULL REFERENCES licences,
    id uuid NOT NULL,
    name text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT access_templates_name_key UNIQUE (tenant_id, name)
);
SELECT fence_tenant('access_templates');

CREATE TABLE access_template_members (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    template_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users ON DELETE CASCADE,
    CONSTRAINT access_template_members_template_fkey FOREIGN KEY (tenant_id, template_id) REFERENCES access_templates
);
CREATE INDEX access_template_members_of ON access_template_members (tenant_id, template_id);
SELECT fence_tenant('access_template_members');

-- One row per level; the holder of the agency's own policy is the tenant. A part that is NULL is not stated.
CREATE TABLE access_policies (
    tenant_id uuid NOT NULL REFERENCES licences,
    holder_id uuid NOT NULL,
    level text NOT NULL CONSTRAINT access_policies_level_check CHECK (level IN ('tenant', 'template', 'user')),
    hours jsonb,
    networks text[],
    ends_at timestamptz,
    version bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, holder_id)
);
CREATE INDEX access_policies_end ON access_policies (ends_at) WHERE ends_at IS NOT NULL;
SELECT fence_tenant('access_policies');

CREATE TABLE access_policy_zones (
    tenant_id uuid NOT NULL,
    holder_id uuid NOT NULL,
    zone_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, holder_id, zone_id),
    FOREIGN KEY (tenant_id, holder_id) REFERENCES access_policies ON DELETE CASCADE,
    CONSTRAINT access_policy_zones_zone_fkey FOREIGN KEY (tenant_id, zone_id) REFERENCES network_zones
);
CREATE INDEX access_policy_zones_of ON access_policy_zones (tenant_id, zone_id);
SELECT fence_tenant('access_policy_zones');

-- What the tokens of a running session open at most; without a row: everything, for as long as it runs.
CREATE TABLE admissions (
    tenant_id uuid NOT NULL,
    session_id uuid NOT NULL,
    networks text[] NOT NULL,
    ends_at timestamptz,
    PRIMARY KEY (tenant_id, session_id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES sessions ON DELETE CASCADE
);
SELECT fence_tenant('admissions');
