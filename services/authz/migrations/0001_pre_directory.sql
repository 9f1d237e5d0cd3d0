-- authz's picture of agencies, offices and people, kept from identity's events in whatever order they come:
-- therefore nothing here refers to anything else, and what has not been told yet has a cautious default.

CREATE TABLE tenants (
    tenant_id uuid PRIMARY KEY,
    taken_on boolean NOT NULL DEFAULT false,
    timezone text NOT NULL DEFAULT 'UTC',
    ownership text NOT NULL DEFAULT 'assignee' CHECK (ownership IN ('assignee', 'creator', 'either')),
    rights_version bigint NOT NULL DEFAULT 0
);
COMMENT ON COLUMN tenants.taken_on IS 'false while only other events of the agency have arrived';
COMMENT ON COLUMN tenants.rights_version IS 'raised by every change of rights; its row lock is the lock of the tenant''s rights';
SELECT fence_tenant('tenants');

CREATE TABLE offices (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    office_version bigint NOT NULL,
    name text NOT NULL,
    region_id uuid,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX offices_of_region ON offices (tenant_id, region_id) WHERE region_id IS NOT NULL;
SELECT fence_tenant('offices');

CREATE TABLE people (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_version bigint NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'provisioned' CHECK (state IN ('provisioned', 'active', 'suspended', 'ghost')),
    code text NOT NULL DEFAULT '',
    display_name text NOT NULL DEFAULT '',
    rights_version bigint NOT NULL DEFAULT 0,
    stood_down_at bigint,
    PRIMARY KEY (tenant_id, id)
);
COMMENT ON COLUMN people.user_version IS 'identity''s version of what is known here; 0: nothing told yet';
COMMENT ON COLUMN people.rights_version IS 'the tenant''s rights_version at the last change that concerned this person';
COMMENT ON COLUMN people.stood_down_at IS 'user_version up to which the person does not count as an administrator';
SELECT fence_tenant('people');

CREATE TABLE person_offices (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    office_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('principal', 'secondary')),
    PRIMARY KEY (tenant_id, user_id, office_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES people ON DELETE CASCADE
);
CREATE INDEX person_offices_of_office ON person_offices (tenant_id, office_id);
SELECT fence_tenant('person_offices');
