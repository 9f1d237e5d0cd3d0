-- What the tests of faults write down beside the product, in the product's own transactions.
-- `committed` stands in the database of who tells, `carried_out` in that of who is told.

CREATE SCHEMA faults;

CREATE TABLE faults.committed (event_id uuid NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE faults.carried_out (event_id uuid, at timestamptz NOT NULL DEFAULT clock_timestamp());

CREATE FUNCTION faults.note_committed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO faults.committed (event_id) VALUES (NEW.id);
    RETURN NULL;
END $$;

-- Before the insert, thus also where the product's own constraint makes it do nothing: a second time shows.
CREATE FUNCTION faults.note_carried_out() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO faults.carried_out (event_id) VALUES (NEW.event_id);
    RETURN NEW;
END $$;

-- A gate: whoever comes by waits while a test holds the lock of that number.
CREATE FUNCTION faults.pass_gate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(TG_ARGV[0]::bigint);
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER faults_committed AFTER INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION faults.note_committed();
CREATE TRIGGER faults_confirmed BEFORE DELETE ON outbox FOR EACH STATEMENT EXECUTE FUNCTION faults.pass_gate(1);
