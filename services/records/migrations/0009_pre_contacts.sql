-- Contacts: owners, searching clients and everybody else whom the agency deals with; and what they search for.

CREATE TABLE contacts (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    number text NOT NULL,
    office_id uuid NOT NULL,
    assignee_id uuid NOT NULL,
    created_by uuid NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    legal_form text NOT NULL CONSTRAINT contacts_legal_form_check CHECK (legal_form IN ('person', 'company')),
    roles text[] NOT NULL,
    language text,
    name text NOT NULL,
    given_name text,
    family_name text,
    company_name text,
    job_title text,
    source text,
    note text,
    processing_basis text CONSTRAINT contacts_processing_basis_check CHECK (processing_basis IN (
        'consent', 'contract', 'legal_obligation', 'legitimate_interest')),
    consent_at timestamptz,
    consent_source text,
    marketing_consent boolean NOT NULL,
    marketing_consent_at timestamptz,
    retention_until date,
    phones text[] NOT NULL,
    emails text[] NOT NULL,
    street text,
    postal_code text,
    city text,
    country text,
    tax_code text,
    born_on date,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT contacts_number_key UNIQUE (tenant_id, number),
    CONSTRAINT contacts_office_fkey FOREIGN KEY (tenant_id, office_id) REFERENCES offices,
    CONSTRAINT contacts_consent_has_its_time CHECK (NOT marketing_consent OR marketing_consent_at IS NOT NULL)
);
CREATE INDEX contacts_newest ON contacts (tenant_id, updated_at DESC, id DESC);
CREATE INDEX contacts_of_office ON contacts (tenant_id, office_id, updated_at DESC, id DESC);
CREATE INDEX contacts_of_assignee ON contacts (tenant_id, assignee_id, updated_at DESC, id DESC);
CREATE INDEX contacts_of_creator ON contacts (tenant_id, created_by, updated_at DESC, id DESC);
CREATE INDEX contacts_by_creation ON contacts (tenant_id, created_at, id);
CREATE INDEX contacts_by_number ON contacts (tenant_id, number, id);
CREATE INDEX contacts_of_office_by_creation ON contacts (tenant_id, office_id, created_at, id);
CREATE INDEX contacts_of_office_by_number ON contacts (tenant_id, office_id, number, id);
SELECT fence_tenant('contacts');

-- An inquiry outlives the contact that it came from; only the reference goes.
CREATE INDEX inquiries_of_contact ON inquiries (tenant_id, contact_id) WHERE contact_id IS NOT NULL;
ALTER TABLE inquiries ADD CONSTRAINT inquiries_contact_fkey
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts ON DELETE SET NULL (contact_id);

CREATE TABLE search_criteria (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    contact_id uuid NOT NULL,
    name text NOT NULL,
    is_active boolean NOT NULL,
    version bigint NOT NULL,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    transaction_type text NOT NULL CONSTRAINT search_criteria_transaction_type_check CHECK (transaction_type IN (
        'sale', 'rent', 'lease', 'auction', 'exchange', 'seasonal')),
    property_types text[] NOT NULL,
    property_sub_types text[] NOT NULL,
    municipalities text[] NOT NULL,
    districts text[] NOT NULL,
    list_price_minor_min bigint,
    list_price_minor_max bigint,
    currency text CONSTRAINT search_criteria_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    living_area_min_cm2 bigint,
    living_area_max_cm2 bigint,
    plot_area_min_cm2 bigint,
    rooms_min integer,
    rooms_max integer,
    bedrooms_min integer,
    floor_min integer,
    floor_max integer,
    year_built_min integer,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT search_criteria_contact_fkey FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts ON DELETE CASCADE,
    CONSTRAINT search_criteria_price_has_currency CHECK (
        coalesce(list_price_minor_min, list_price_minor_max) IS NULL OR currency IS NOT NULL)
);
CREATE INDEX search_criteria_of_contact ON search_criteria (tenant_id, contact_id, created_at, id);
SELECT fence_tenant('search_criteria');
