-- The rights inside one service's database. Run in that database after roles.sql, as the same administrator, before
-- the first `migrate`; running it again is harmless. Parameter: SET keyholder.service = 'identity';
--
-- Nobody but the service's own three roles may connect. Whatever `migrate` makes later, `serve` and `work` may use.

DO $database$
DECLARE
    service text := current_setting('keyholder.service');
    owner text := format('keyholder_%s_owner', current_setting('keyholder.service'));
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO %I, %I, %I',
        current_database(), owner, format('keyholder_%s_app', service), format('keyholder_%s_worker', service)
    );
    EXECUTE 'REVOKE ALL ON SCHEMA public FROM PUBLIC';
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA public TO %I', owner);
    EXECUTE 'GRANT USAGE ON SCHEMA public TO keyholder_app, keyholder_worker';
    EXECUTE format(
        'ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA public'
        ' GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO keyholder_app, keyholder_worker', owner
    );
    EXECUTE format(
        'ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA public'
        ' GRANT USAGE ON SEQUENCES TO keyholder_app, keyholder_worker', owner
    );
END
$database$;
