-- The three roles of one service, and the two groups that all services share. Run once per service, in any
-- database of the cluster, as a superuser or as a role with CREATEROLE; running it again is harmless and sets the
-- passwords anew. Parameters are settings of the session:
--
--   SET keyholder.service = 'identity';              -- identity, authz, records, notifications
--   SET keyholder.owner_password = '…';              -- migrate
--   SET keyholder.app_password = '…';                -- serve
--   SET keyholder.worker_password = '…';             -- work
--   \i deploy/postgres/roles.sql
--
-- Then make the database as its owner's (CREATE DATABASE keyholder_identity OWNER keyholder_identity_owner) and run
-- database.sql inside it. `serve` and `work` own nothing and pass no row-level security; only `migrate` is an owner.

DO $roles$
DECLARE
    service text := current_setting('keyholder.service');
    shared text;
    kind text;
BEGIN
    FOREACH shared IN ARRAY ARRAY['keyholder_app', 'keyholder_worker'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = shared) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', shared);
        END IF;
    END LOOP;

    FOREACH kind IN ARRAY ARRAY['owner', 'app', 'worker'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = format('keyholder_%s_%s', service, kind)) THEN
            EXECUTE format('CREATE ROLE %I', format('keyholder_%s_%s', service, kind));
        END IF;
        EXECUTE format(
            'ALTER ROLE %I LOGIN NOCREATEDB NOCREATEROLE PASSWORD %L',
            format('keyholder_%s_%s', service, kind),
            current_setting(format('keyholder.%s_password', kind))
        );
    END LOOP;

    EXECUTE format('GRANT keyholder_app TO %I', format('keyholder_%s_app', service));
    EXECUTE format('GRANT keyholder_worker TO %I', format('keyholder_%s_worker', service));

    -- Who is no superuser must be a member of the owner to make a database for it and to set its default rights.
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT %I TO %I', format('keyholder_%s_owner', service), current_user);
    END IF;
END
$roles$;
