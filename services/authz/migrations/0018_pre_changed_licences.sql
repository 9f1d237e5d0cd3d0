-- What an agency chose when it was taken on may change. Whose own a record is decides rights, so it keeps its past as in
-- 0003; who changed it stands in identity's audit trail, not in the journal.
SET lock_timeout = '5s';

ALTER TABLE tenants
    ADD COLUMN licence_version bigint NOT NULL DEFAULT 0,
    ADD COLUMN ownership_since timestamptz NOT NULL DEFAULT '-infinity';
COMMENT ON COLUMN tenants.licence_version IS 'identity''s version of what is known here; 0: told before licences had versions, or nothing yet';
COMMENT ON COLUMN tenants.ownership_since IS 'since when ownership is this';

CREATE TABLE ownerships_past (
    tenant_id uuid NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    ownership text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, seq)
);
CREATE INDEX ownerships_past_by_time ON ownerships_past (tenant_id, valid_to);
SELECT fence_tenant('ownerships_past');
CREATE TRIGGER past_is_past BEFORE UPDATE OR DELETE ON ownerships_past
    FOR EACH ROW EXECUTE FUNCTION past_is_past();

CREATE VIEW ownerships_ever WITH (security_invoker = true) AS
SELECT tenant_id, ownership, ownership_since AS valid_from, 'infinity'::timestamptz AS valid_to
  FROM tenants
UNION ALL
SELECT tenant_id, ownership, valid_from, valid_to FROM ownerships_past;
