-- Teams of people, as identity tells of them; regions are what offices have in common (0001, 0003).

CREATE TABLE teams (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    team_version bigint NOT NULL,
    name text NOT NULL,
    removed boolean NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
COMMENT ON COLUMN teams.removed IS 'kept, so that an older event does not bring the team back';
SELECT fence_tenant('teams');

CREATE TABLE team_members (
    tenant_id uuid NOT NULL,
    team_id uuid NOT NULL,
    user_id uuid NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, team_id, user_id),
    FOREIGN KEY (tenant_id, team_id) REFERENCES teams
);
COMMENT ON COLUMN team_members.user_id IS 'no reference: a team may be told of before its members';
CREATE INDEX team_members_of_user ON team_members (tenant_id, user_id);
SELECT fence_tenant('team_members');

CREATE TABLE team_members_past (
    tenant_id uuid NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    team_id uuid NOT NULL,
    user_id uuid NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, seq)
);
CREATE INDEX team_members_past_of_team ON team_members_past (tenant_id, team_id, valid_to);
CREATE INDEX team_members_past_of_user ON team_members_past (tenant_id, user_id, valid_to);
SELECT fence_tenant('team_members_past');
CREATE TRIGGER past_is_past BEFORE UPDATE OR DELETE ON team_members_past
    FOR EACH ROW EXECUTE FUNCTION past_is_past();

CREATE VIEW team_members_ever WITH (security_invoker = true) AS
SELECT tenant_id, team_id, user_id, since AS valid_from, 'infinity'::timestamptz AS valid_to FROM team_members
UNION ALL
SELECT tenant_id, team_id, user_id, valid_from, valid_to FROM team_members_past;

CREATE INDEX grants_naming ON grants (tenant_id, reach_id) WHERE reach_id IS NOT NULL;
