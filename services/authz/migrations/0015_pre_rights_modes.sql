-- How an agency manages its rights is a right of everybody's: it keeps its past as in 0003, and the journal tells it.
SET lock_timeout = '5s';

ALTER TABLE tenants
    ADD COLUMN mode_since timestamptz NOT NULL DEFAULT '-infinity',
    ADD COLUMN mode_by uuid,
    ADD COLUMN mode_reason text CHECK (length(mode_reason) <= 1000);
COMMENT ON COLUMN tenants.mode_since IS 'since when rights_mode is this';
COMMENT ON COLUMN tenants.mode_by IS 'NULL: so from the start of the agency';

CREATE TABLE rights_modes_past (
    tenant_id uuid NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    rights_mode text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz NOT NULL,
    set_by uuid,
    reason text,
    ended_by uuid,
    end_reason text,
    PRIMARY KEY (tenant_id, seq)
);
CREATE INDEX rights_modes_past_by_time ON rights_modes_past (tenant_id, valid_to);
SELECT fence_tenant('rights_modes_past');
CREATE TRIGGER past_is_past BEFORE UPDATE OR DELETE ON rights_modes_past
    FOR EACH ROW EXECUTE FUNCTION past_is_past();

CREATE VIEW rights_modes_ever WITH (security_invoker = true) AS
SELECT tenant_id, rights_mode, mode_since AS valid_from, 'infinity'::timestamptz AS valid_to, mode_by AS set_by,
       mode_reason AS reason, NULL::uuid AS ended_by, NULL::text AS end_reason
  FROM tenants
UNION ALL
SELECT tenant_id, rights_mode, valid_from, valid_to, set_by, reason, ended_by, end_reason FROM rights_modes_past;

ALTER TABLE rights_changes
    ALTER COLUMN holder_kind DROP NOT NULL,
    ALTER COLUMN holder_id DROP NOT NULL,
    DROP CONSTRAINT rights_changes_kind_check,
    ADD CONSTRAINT rights_changes_kind_known
        CHECK (kind IN ('grant', 'membership', 'template_link', 'switch', 'rights_mode')) NOT VALID,
    ADD CONSTRAINT rights_changes_of_holder_or_agency
        CHECK ((kind = 'rights_mode') = (holder_id IS NULL) AND (holder_id IS NULL) = (holder_kind IS NULL)) NOT VALID;
COMMENT ON COLUMN rights_changes.holder_id IS 'NULL: the agency itself, whose way to manage rights changed';

-- As `journal_rights`, of which a mode is no kind: it neither begins nor ends, one follows the other.
CREATE FUNCTION journal_rights_mode() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO rights_changes (tenant_id, at, version, author_id, reason, kind, before, after)
    VALUES (NEW.tenant_id, NEW.rights_changed_at, NEW.rights_version, NEW.mode_by, NEW.mode_reason, 'rights_mode',
            jsonb_build_object('rights_mode', OLD.rights_mode), jsonb_build_object('rights_mode', NEW.rights_mode));
    RETURN NULL;
END $$;
CREATE TRIGGER journal_mode AFTER UPDATE OF rights_mode ON tenants
    FOR EACH ROW WHEN (OLD.rights_mode <> NEW.rights_mode) EXECUTE FUNCTION journal_rights_mode();
