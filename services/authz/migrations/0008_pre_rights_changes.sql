-- The journal of rights: who changed which right of whom, when, before and after, and why.
--
-- Triggers on the tables of rights write it, so that no way of changing them can forget to; services may read it and
-- nothing else. A right that ends and begins anew in one change, only otherwise, is one entry with both sides.

CREATE TABLE rights_changes (
    tenant_id uuid NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL,
    version bigint NOT NULL,
    author_id uuid,
    reason text,
    kind text NOT NULL CHECK (kind IN ('grant', 'membership', 'template_link', 'switch')),
    holder_kind text NOT NULL CHECK (holder_kind IN ('group', 'template', 'user')),
    holder_id uuid NOT NULL,
    user_id uuid,
    key text,
    before jsonb,
    after jsonb,
    PRIMARY KEY (tenant_id, seq),
    CONSTRAINT rights_changes_say_something CHECK (before IS NOT NULL OR after IS NOT NULL)
);
COMMENT ON COLUMN rights_changes.version IS 'the tenant''s rights_version as of the change';
COMMENT ON COLUMN rights_changes.author_id IS 'NULL: by an event of another service';
COMMENT ON COLUMN rights_changes.user_id IS 'whose right it is; NULL: that of whoever belongs to the holder';
COMMENT ON COLUMN rights_changes.key IS 'the permission, or the switch that was blocked';
CREATE INDEX rights_changes_newest ON rights_changes (tenant_id, at DESC, seq DESC);
CREATE INDEX rights_changes_of_user ON rights_changes (tenant_id, user_id, at DESC, seq DESC) WHERE user_id IS NOT NULL;
CREATE INDEX rights_changes_of_holder ON rights_changes (tenant_id, holder_id, at DESC, seq DESC);
CREATE INDEX rights_changes_of_version ON rights_changes (tenant_id, version);
SELECT fence_tenant('rights_changes');

-- What the services' roles may do with a new table is granted by default; of this one they may only read.
DO $$
DECLARE
    other name;
BEGIN
    FOR other IN
        SELECT DISTINCT grantee::regrole::name
          FROM pg_class c, aclexplode(c.relacl)
         WHERE c.oid = 'rights_changes'::regclass AND grantee <> c.relowner AND grantee <> 0
    LOOP
        EXECUTE format('REVOKE ALL ON rights_changes FROM %I', other);
        EXECUTE format('GRANT SELECT ON rights_changes TO %I', other);
    END LOOP;
END $$;

-- Arguments: the kind of change, the kind of holder where the table does not say it, and whether rights begin or end.
-- The rights of its owner, who alone may write; the fence holds for him too.
CREATE FUNCTION journal_rights() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    WITH change AS (
        SELECT row_number() OVER () AS n,
               (r ->> 'tenant_id')::uuid AS tenant_id,
               coalesce(r ->> 'holder_kind', TG_ARGV[1]) AS holder_kind,
               (coalesce(r ->> 'holder_id', r ->> 'group_id', r ->> 'template_id', r ->> 'user_id'))::uuid AS holder_id,
               (coalesce(r ->> 'user_id', CASE WHEN r ->> 'holder_kind' = 'user' THEN r ->> 'holder_id' END))::uuid
                   AS user_id,
               coalesce(r ->> 'key', r ->> 'switch') AS key,
               (CASE TG_ARGV[2] WHEN 'end' THEN r ->> 'valid_to'
                    ELSE coalesce(r ->> 'granted_at', r ->> 'added_at', r ->> 'linked_at', r ->> 'blocked_at')
                END)::timestamptz AS at,
               (CASE TG_ARGV[2] WHEN 'end' THEN r ->> 'ended_by'
                    ELSE coalesce(r ->> 'granted_by', r ->> 'added_by', r ->> 'linked_by', r ->> 'blocked_by')
                END)::uuid AS author_id,
               CASE TG_ARGV[2] WHEN 'end' THEN r ->> 'end_reason' ELSE r ->> 'reason' END AS reason,
               jsonb_strip_nulls(jsonb_build_object(
                   'reach', r -> 'reach', 'reach_id', r -> 'reach_id', 'view', r -> 'view',
                   'expires_at', r -> 'expires_at')) AS what
          FROM (SELECT to_jsonb(changed) AS r FROM changed) AS rows
    ), met AS (
        UPDATE rights_changes j
           SET after = change.what
          FROM change
         WHERE TG_ARGV[2] = 'begin'
           AND j.tenant_id = change.tenant_id
           AND j.version = (SELECT rights_version FROM tenants t WHERE t.tenant_id = change.tenant_id)
           AND j.after IS NULL
           AND (j.kind, j.holder_kind, j.holder_id) = (TG_ARGV[0], change.holder_kind, change.holder_id)
           AND j.user_id IS NOT DISTINCT FROM change.user_id
           AND coalesce(j.key, '') = coalesce(change.key, '')
           AND j.before - 'expires_at' = change.what - 'expires_at'
        RETURNING change.n
    )
    INSERT INTO rights_changes (
        tenant_id, at, version, author_id, reason, kind, holder_kind, holder_id, user_id, key, before, after)
    SELECT c.tenant_id, c.at, t.rights_version, c.author_id, c.reason, TG_ARGV[0], c.holder_kind, c.holder_id,
           c.user_id, c.key, CASE TG_ARGV[2] WHEN 'end' THEN c.what END, CASE TG_ARGV[2] WHEN 'begin' THEN c.what END
      FROM change c
      JOIN tenants t USING (tenant_id)
     WHERE c.n NOT IN (SELECT n FROM met)
     ORDER BY c.key, c.what;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION journal_rights IS 'Writes down which rights began or ended by a statement';

CREATE TRIGGER journal AFTER INSERT ON grants REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION journal_rights('grant', '', 'begin');
CREATE TRIGGER journal AFTER INSERT ON grants_past REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION journal_rights('grant', '', 'end');
CREATE TRIGGER journal AFTER INSERT ON group_members REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION journal_rights('membership', 'group', 'begin');
CREATE TRIGGER journal AFTER INSERT ON group_members_past REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION journal_rights('membership', 'group', 'end');
CREATE TRIGGER journal AFTER INSERT ON template_links REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION journal_rights('template_link', 'template', 'begin');
CREATE TRIGGER journal AFTER INSERT ON template_links_past REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION journal_rights('template_link', 'template', 'end');
CREATE TRIGGER journal AFTER INSERT ON blocked_switches REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION journal_rights('switch', 'user', 'begin');
CREATE TRIGGER journal AFTER INSERT ON blocked_switches_past REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION journal_rights('switch', 'user', 'end');
