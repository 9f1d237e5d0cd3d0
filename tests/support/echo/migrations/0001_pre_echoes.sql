-- What the echo service heard, and what it must trip over.
CREATE TABLE echoes (
    tenant_id uuid NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    user_id uuid NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (tenant_id, seq)
);
SELECT fence_tenant('echoes');
