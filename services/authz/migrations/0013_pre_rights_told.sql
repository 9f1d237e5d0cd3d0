-- Whoever keeps compiled rights is told, at the commit, that an agency's are of another version (ADR-0020). A trigger
-- tells it, so that processes of another release cannot forget to.

CREATE FUNCTION tell_rights() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('rights', NEW.tenant_id || ' ' || NEW.rights_version);
    RETURN NULL;
END $$;
CREATE TRIGGER tell_rights AFTER INSERT OR UPDATE OF rights_version ON tenants
    FOR EACH ROW EXECUTE FUNCTION tell_rights();
