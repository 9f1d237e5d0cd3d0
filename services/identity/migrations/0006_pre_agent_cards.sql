-- What the agent card says beyond name and address (MG-6, MG-8, MG-10..12, MG-15, MG-16).

CREATE TABLE agent_cards (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    title text NOT NULL,
    colour text CONSTRAINT agent_cards_colour_check CHECK (colour ~ '^#[0-9a-f]{6}$'),
    sender_address text,
    contacts jsonb NOT NULL,
    shown text[] NOT NULL,
    billing jsonb,
    descriptions jsonb NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (tenant_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users ON DELETE CASCADE
);
SELECT fence_tenant('agent_cards');
