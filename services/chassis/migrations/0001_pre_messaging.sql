-- Transactional outbox, inbox, messages that failed, and idempotent creates: the same in every service.

CREATE TABLE outbox (
    tenant_id uuid NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    id uuid NOT NULL,
    topic text NOT NULL,
    occurred_at timestamptz NOT NULL,
    traceparent text NOT NULL,
    data jsonb NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL DEFAULT '-infinity',
    last_error text,
    PRIMARY KEY (tenant_id, seq)
);
CREATE INDEX outbox_due ON outbox (seq);

CREATE FUNCTION outbox_wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('outbox', '');
    RETURN NULL;
END $$;
CREATE TRIGGER outbox_wake AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION outbox_wake();

CREATE TABLE inbox (
    tenant_id uuid NOT NULL,
    queue text NOT NULL,
    message_id uuid NOT NULL,
    processed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, queue, message_id)
);

CREATE TABLE failed_messages (
    tenant_id uuid NOT NULL,
    queue text NOT NULL,
    message_id uuid NOT NULL,
    topic text NOT NULL,
    body text NOT NULL,
    attempts integer NOT NULL,
    next_try_at timestamptz,
    last_error text NOT NULL,
    first_failed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, queue, message_id)
);
COMMENT ON COLUMN failed_messages.next_try_at IS 'NULL: parked, waits for a person';
CREATE INDEX failed_messages_due ON failed_messages (next_try_at) WHERE next_try_at IS NOT NULL;

CREATE TABLE idempotency_keys (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    key text NOT NULL CHECK (length(key) <= 255),
    request_hash bytea NOT NULL,
    resource_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, user_id, key)
);

-- The fence: a transaction sees its own tenant's rows; the worker role, whose loops serve all tenants, sees all.
CREATE FUNCTION fence_tenant(fenced regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', fenced);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', fenced);
    EXECUTE format(
        'CREATE POLICY tenant_fence ON %s USING (tenant_id = nullif(current_setting(''keyholder.tenant_id'', true), '''')::uuid)',
        fenced);
    EXECUTE format('CREATE POLICY all_tenants ON %s TO keyholder_worker USING (true) WITH CHECK (true)', fenced);
END $$;
COMMENT ON FUNCTION fence_tenant IS 'Puts row-level security on a table whose key starts with tenant_id';

SELECT fence_tenant('outbox'), fence_tenant('inbox'), fence_tenant('failed_messages'), fence_tenant('idempotency_keys');
