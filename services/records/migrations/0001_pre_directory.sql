-- Offices and people, as far as listings point at them; kept from identity's events.

CREATE TABLE offices (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
SELECT fence_tenant('offices');

CREATE TABLE people (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state text NOT NULL CONSTRAINT people_state_check CHECK (state IN ('provisioned', 'active', 'suspended', 'ghost')),
    PRIMARY KEY (tenant_id, id)
);
SELECT fence_tenant('people');
