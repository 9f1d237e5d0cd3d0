-- What an agency's directory (SCIM 2.0) keeps about the people and teams that it provisions, and when they last changed.

CREATE TABLE directory_users (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    external_id text,
    display_name text,
    calls_address_primary boolean NOT NULL DEFAULT true,
    PRIMARY KEY (tenant_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users ON DELETE CASCADE
);
CREATE INDEX directory_users_external ON directory_users (tenant_id, external_id);
SELECT fence_tenant('directory_users');

CREATE TABLE directory_teams (
    tenant_id uuid NOT NULL,
    team_id uuid NOT NULL,
    external_id text,
    PRIMARY KEY (tenant_id, team_id),
    FOREIGN KEY (tenant_id, team_id) REFERENCES teams ON DELETE CASCADE
);
CREATE INDEX directory_teams_external ON directory_teams (tenant_id, external_id);
SELECT fence_tenant('directory_teams');

ALTER TABLE users ADD COLUMN changed_at timestamptz;
COMMENT ON COLUMN users.changed_at IS 'NULL: not since created_at';
ALTER TABLE teams ADD COLUMN changed_at timestamptz;
COMMENT ON COLUMN teams.changed_at IS 'NULL: not since created_at';

-- A directory is an author of its own; its token is the actor.
ALTER TABLE audit_entries DROP CONSTRAINT audit_entries_author_check,
    ADD CONSTRAINT audit_entries_author_check CHECK (author IN ('person', 'machine', 'operator', 'system')),
    DROP CONSTRAINT audit_entries_actor_check,
    ADD CONSTRAINT audit_entries_actor_check CHECK ((author IN ('person', 'machine')) = (actor_id IS NOT NULL));
