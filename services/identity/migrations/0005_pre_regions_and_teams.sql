-- Regions, in which offices lie, and teams, of which people are members.

CREATE TABLE regions (
    tenant_id uuid NOT NULL REFERENCES licences,
    id uuid NOT NULL,
    name text NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT regions_name_key UNIQUE (tenant_id, name)
);
SELECT fence_tenant('regions');

ALTER TABLE offices ADD COLUMN region_id uuid,
    ADD CONSTRAINT offices_region_fkey FOREIGN KEY (tenant_id, region_id) REFERENCES regions;
CREATE INDEX offices_of_region ON offices (tenant_id, region_id);

CREATE TABLE teams (
    tenant_id uuid NOT NULL REFERENCES licences,
    id uuid NOT NULL,
    name text NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT teams_name_key UNIQUE (tenant_id, name)
);
SELECT fence_tenant('teams');

CREATE TABLE team_members (
    tenant_id uuid NOT NULL,
    team_id uuid NOT NULL,
    user_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, team_id, user_id),
    FOREIGN KEY (tenant_id, team_id) REFERENCES teams ON DELETE CASCADE,
    CONSTRAINT team_members_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES users ON DELETE CASCADE
);
CREATE INDEX team_members_of ON team_members (tenant_id, user_id);
SELECT fence_tenant('team_members');
