-- Rights keep their past, so that "who could see this on that day, and by whose doing?" is a query.
--
-- What holds now stays alone in its table, as small and as fast as before. What ended moves to a table `..._past`,
-- which is only ever added to, and a view `..._ever` shows both with `valid_from` and `valid_to` (infinity: still so).
-- A tenant's changes have strictly rising times, in the order of their versions.

CREATE FUNCTION past_is_past() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what % holds is never altered', TG_TABLE_NAME;
END $$;

ALTER TABLE tenants
    ADD COLUMN rights_changed_at timestamptz NOT NULL DEFAULT '-infinity',
    ADD COLUMN rights_mode text NOT NULL DEFAULT 'extended' CHECK (rights_mode IN ('simple', 'extended'));
COMMENT ON COLUMN tenants.rights_changed_at IS 'when rights_version was raised last; later than every time before';
COMMENT ON COLUMN tenants.rights_mode IS 'simple: neither extended user rights nor record rights (ON-9)';

-- Groups.

ALTER TABLE permission_groups
    ADD COLUMN since timestamptz NOT NULL DEFAULT '-infinity',
    ADD COLUMN changed_by uuid,
    ADD COLUMN reason text CHECK (length(reason) <= 1000);
COMMENT ON COLUMN permission_groups.since IS 'since when it has this name and kind';

CREATE TABLE permission_groups_past (
    tenant_id uuid NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    id uuid NOT NULL,
    name text NOT NULL,
    is_employee_group boolean NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz NOT NULL,
    changed_by uuid,
    reason text,
    ended_by uuid,
    end_reason text,
    PRIMARY KEY (tenant_id, seq)
);
CREATE INDEX permission_groups_past_of_group ON permission_groups_past (tenant_id, id, valid_to);
SELECT fence_tenant('permission_groups_past');
CREATE TRIGGER past_is_past BEFORE UPDATE OR DELETE ON permission_groups_past
    FOR EACH ROW EXECUTE FUNCTION past_is_past();

CREATE VIEW permission_groups_ever WITH (security_invoker = true) AS
SELECT tenant_id, id, name, is_employee_group, greatest(since, created_at) AS valid_from,
       'infinity'::timestamptz AS valid_to, changed_by, reason, NULL::uuid AS ended_by, NULL::text AS end_reason
  FROM permission_groups
UNION ALL
SELECT tenant_id, id, name, is_employee_group, valid_from, valid_to, changed_by, reason, ended_by, end_reason
  FROM permission_groups_past;

-- Memberships.

ALTER TABLE group_members ADD COLUMN reason text CHECK (length(reason) <= 1000);

CREATE TABLE group_members_past (
    tenant_id uuid NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    group_id uuid NOT NULL,
    user_id uuid NOT NULL,
    expires_at timestamptz,
    added_by uuid,
    added_at timestamptz NOT NULL,
    reason text,
    valid_to timestamptz NOT NULL,
    ended_by uuid,
    end_reason text,
    PRIMARY KEY (tenant_id, seq)
);
CREATE INDEX group_members_past_of_user ON group_members_past (tenant_id, user_id, valid_to);
CREATE INDEX group_members_past_of_group ON group_members_past (tenant_id, group_id, valid_to);
SELECT fence_tenant('group_members_past');
CREATE TRIGGER past_is_past BEFORE UPDATE OR DELETE ON group_members_past
    FOR EACH ROW EXECUTE FUNCTION past_is_past();

CREATE VIEW group_members_ever WITH (security_invoker = true) AS
SELECT tenant_id, group_id, user_id, expires_at, added_by, reason, added_at AS valid_from,
       'infinity'::timestamptz AS valid_to, NULL::uuid AS ended_by, NULL::text AS end_reason
  FROM group_members
UNION ALL
SELECT tenant_id, group_id, user_id, expires_at, added_by, reason, added_at, valid_to, ended_by, end_reason
  FROM group_members_past;

-- Grants, whoever holds them.

ALTER TABLE grants ADD COLUMN reason text CHECK (length(reason) <= 1000);

CREATE TABLE grants_past (
    tenant_id uuid NOT NULL,
    seq bigint NOT NULL,
    holder_kind text NOT NULL,
    holder_id uuid NOT NULL,
    key text NOT NULL,
    reach text NOT NULL,
    reach_id uuid,
    view text NOT NULL,
    expires_at timestamptz,
    granted_by uuid,
    granted_at timestamptz NOT NULL,
    reason text,
    valid_to timestamptz NOT NULL,
    ended_by uuid,
    end_reason text,
    PRIMARY KEY (tenant_id, seq)
);
COMMENT ON COLUMN grants_past.seq IS 'the number that it had in grants';
CREATE INDEX grants_past_of_holder ON grants_past (tenant_id, holder_kind, holder_id, valid_to);
SELECT fence_tenant('grants_past');
CREATE TRIGGER past_is_past BEFORE UPDATE OR DELETE ON grants_past FOR EACH ROW EXECUTE FUNCTION past_is_past();

CREATE VIEW grants_ever WITH (security_invoker = true) AS
SELECT tenant_id, seq, holder_kind, holder_id, key, reach, reach_id, view, expires_at, granted_by, reason,
       granted_at AS valid_from, 'infinity'::timestamptz AS valid_to, NULL::uuid AS ended_by, NULL::text AS end_reason
  FROM grants
UNION ALL
SELECT tenant_id, seq, holder_kind, holder_id, key, reach, reach_id, view, expires_at, granted_by, reason,
       granted_at, valid_to, ended_by, end_reason
  FROM grants_past;

-- People and offices, as far as they decide rights.

ALTER TABLE people ADD COLUMN since timestamptz NOT NULL DEFAULT '-infinity';
COMMENT ON COLUMN people.since IS 'since when state and offices are these';

CREATE TABLE people_past (
    tenant_id uuid NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    id uuid NOT NULL,
    state text NOT NULL,
    principal uuid[] NOT NULL,
    secondary uuid[] NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, seq)
);
CREATE INDEX people_past_of_person ON people_past (tenant_id, id, valid_to);
SELECT fence_tenant('people_past');
CREATE TRIGGER past_is_past BEFORE UPDATE OR DELETE ON people_past FOR EACH ROW EXECUTE FUNCTION past_is_past();

CREATE VIEW people_ever WITH (security_invoker = true) AS
SELECT tenant_id, id, state,
       ARRAY(SELECT office_id FROM person_offices o
              WHERE (o.tenant_id, o.user_id) = (p.tenant_id, p.id) AND o.kind = 'principal') AS principal,
       ARRAY(SELECT office_id FROM person_offices o
              WHERE (o.tenant_id, o.user_id) = (p.tenant_id, p.id) AND o.kind = 'secondary') AS secondary,
       since AS valid_from, 'infinity'::timestamptz AS valid_to
  FROM people p
UNION ALL
SELECT tenant_id, id, state, principal, secondary, valid_from, valid_to FROM people_past;

ALTER TABLE offices ADD COLUMN since timestamptz NOT NULL DEFAULT '-infinity';
COMMENT ON COLUMN offices.since IS 'since when it lies in this region';

CREATE TABLE offices_past (
    tenant_id uuid NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    id uuid NOT NULL,
    region_id uuid,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, seq)
);
CREATE INDEX offices_past_of_office ON offices_past (tenant_id, id, valid_to);
SELECT fence_tenant('offices_past');
CREATE TRIGGER past_is_past BEFORE UPDATE OR DELETE ON offices_past FOR EACH ROW EXECUTE FUNCTION past_is_past();

CREATE VIEW offices_ever WITH (security_invoker = true) AS
SELECT tenant_id, id, region_id, since AS valid_from, 'infinity'::timestamptz AS valid_to FROM offices
UNION ALL
SELECT tenant_id, id, region_id, valid_from, valid_to FROM offices_past;
