-- What somebody looks for again and again: his own, nobody else's.

CREATE TABLE saved_searches (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL CONSTRAINT saved_searches_name_check CHECK (length(name) BETWEEN 1 AND 200),
    filter jsonb NOT NULL,
    sort text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, user_id, id),
    CONSTRAINT saved_searches_name_key UNIQUE (tenant_id, user_id, name)
);
SELECT fence_tenant('saved_searches');
