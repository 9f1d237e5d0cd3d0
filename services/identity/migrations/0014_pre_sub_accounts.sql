-- Which person a contact of notifications signs in as (SB-16, SB-25). The contact itself is not kept here.

CREATE TABLE sub_accounts (
    tenant_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    user_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, contact_id),
    CONSTRAINT sub_accounts_user_key UNIQUE (tenant_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users ON DELETE CASCADE
);
COMMENT ON COLUMN sub_accounts.contact_id IS 'stays linked when the account is taken away, so that it can come back';
SELECT fence_tenant('sub_accounts');
