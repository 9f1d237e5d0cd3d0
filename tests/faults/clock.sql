-- PostgreSQL's clock as a test sets it: in this database `now()` is found here before it is found in pg_catalog.

CREATE TABLE IF NOT EXISTS faults.clock (shift interval NOT NULL);
INSERT INTO faults.clock VALUES ('0');
CREATE FUNCTION faults.now() RETURNS timestamptz LANGUAGE sql STABLE AS
    'SELECT pg_catalog.now() + shift FROM faults.clock';
GRANT USAGE ON SCHEMA faults TO PUBLIC;
GRANT SELECT ON faults.clock TO PUBLIC;
ALTER DATABASE faults_notifications SET search_path = faults, pg_catalog, public;
ALTER TABLE deliveries ALTER COLUMN next_try_at SET DEFAULT faults.now();
