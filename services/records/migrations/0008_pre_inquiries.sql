-- Inquiries: clients who search, and what they search for. Lists of kinds and places are compared element by element
-- with text =, which is leakproof; an empty list wants anything.

CREATE TABLE inquiries (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    number text NOT NULL,
    office_id uuid NOT NULL,
    assignee_id uuid NOT NULL,
    created_by uuid NOT NULL,
    is_private boolean NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    standard_status text NOT NULL CONSTRAINT inquiries_standard_status_check CHECK (standard_status IN (
        'active', 'paused', 'fulfilled', 'lost', 'archived')),
    transaction_type text NOT NULL CONSTRAINT inquiries_transaction_type_check CHECK (transaction_type IN (
        'sale', 'rent', 'lease', 'auction', 'exchange', 'seasonal')),
    property_types text[] NOT NULL,
    property_sub_types text[] NOT NULL,
    municipalities text[] NOT NULL,
    districts text[] NOT NULL,
    list_price_minor_min bigint,
    list_price_minor_max bigint,
    currency text CONSTRAINT inquiries_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    living_area_min_cm2 bigint,
    living_area_max_cm2 bigint,
    plot_area_min_cm2 bigint,
    rooms_min integer,
    rooms_max integer,
    bedrooms_min integer,
    floor_min integer,
    floor_max integer,
    year_built_min integer,
    no_commission boolean NOT NULL,
    financing text CONSTRAINT inquiries_financing_check CHECK (financing IN (
        'cash', 'mortgage_approved', 'mortgage_needed', 'sale_first')),
    budget_confirmed boolean NOT NULL,
    move_in_by date,
    urgency text CONSTRAINT inquiries_urgency_check CHECK (urgency IN ('low', 'normal', 'high')),
    persons integer CONSTRAINT inquiries_persons_check CHECK (persons >= 0),
    pets boolean,
    note text,
    contact_id uuid,
    client_name text,
    client_phone text,
    client_email text,
    client_street text,
    client_postal_code text,
    client_city text,
    private_note text,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT inquiries_number_key UNIQUE (tenant_id, number),
    CONSTRAINT inquiries_office_fkey FOREIGN KEY (tenant_id, office_id) REFERENCES offices,
    CONSTRAINT inquiries_price_has_currency CHECK (
        coalesce(list_price_minor_min, list_price_minor_max) IS NULL OR currency IS NOT NULL)
);
CREATE INDEX inquiries_newest ON inquiries (tenant_id, updated_at DESC, id DESC);
CREATE INDEX inquiries_of_office ON inquiries (tenant_id, office_id, updated_at DESC, id DESC);
CREATE INDEX inquiries_of_assignee ON inquiries (tenant_id, assignee_id, updated_at DESC, id DESC);
CREATE INDEX inquiries_of_creator ON inquiries (tenant_id, created_by, updated_at DESC, id DESC);
CREATE INDEX inquiries_by_creation ON inquiries (tenant_id, created_at, id);
CREATE INDEX inquiries_by_number ON inquiries (tenant_id, number, id);
CREATE INDEX inquiries_of_office_by_creation ON inquiries (tenant_id, office_id, created_at, id);
CREATE INDEX inquiries_of_office_by_number ON inquiries (tenant_id, office_id, number, id);
SELECT fence_tenant('inquiries');
