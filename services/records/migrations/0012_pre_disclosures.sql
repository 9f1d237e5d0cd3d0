-- Who took which records out of the system, by export or print: written before the first record leaves.

CREATE TABLE disclosures (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    section text NOT NULL,
    form text NOT NULL CONSTRAINT disclosures_form_check CHECK (form IN ('csv', 'xlsx', 'xml', 'pdf')),
    with_identity boolean NOT NULL,
    asked jsonb NOT NULL,
    begun_at timestamptz NOT NULL,
    ended_at timestamptz,
    outcome text CONSTRAINT disclosures_outcome_check CHECK (outcome IN ('complete', 'cut')),
    records bigint CONSTRAINT disclosures_records_check CHECK (records >= 0),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT disclosures_ended_check CHECK (num_nulls(ended_at, outcome, records) IN (0, 3))
);
COMMENT ON COLUMN disclosures.asked IS 'which records were asked for, and in which order';
COMMENT ON COLUMN disclosures.records IS 'how many had left when it ended';
CREATE INDEX disclosures_newest ON disclosures (tenant_id, begun_at DESC, id DESC);
CREATE INDEX disclosures_of_user ON disclosures (tenant_id, user_id, begun_at DESC, id DESC);
SELECT fence_tenant('disclosures');
