-- Listings. Whatever is filtered or ordered has a type whose comparisons are leakproof (bigint, text, uuid, timestamptz):
-- under row-level security the planner may use an index for nothing else.

CREATE TABLE listing_numbers (
    tenant_id uuid PRIMARY KEY,
    last_given bigint NOT NULL
);
SELECT fence_tenant('listing_numbers');

CREATE TABLE listings (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    number text NOT NULL,
    office_id uuid NOT NULL,
    assignee_id uuid NOT NULL,
    created_by uuid NOT NULL,
    is_private boolean NOT NULL,
    standard_status text NOT NULL CONSTRAINT listings_standard_status_check CHECK (standard_status IN (
        'draft', 'coming_soon', 'active', 'under_offer', 'reserved', 'sold', 'rented', 'withdrawn', 'expired',
        'archived')),
    transaction_type text NOT NULL CONSTRAINT listings_transaction_type_check CHECK (transaction_type IN (
        'sale', 'rent', 'lease', 'auction', 'exchange', 'seasonal')),
    property_type text NOT NULL CONSTRAINT listings_property_type_check CHECK (property_type IN (
        'residential', 'land', 'commercial_sale', 'commercial_lease', 'business', 'farm', 'income', 'parking')),
    property_sub_type text CONSTRAINT listings_property_sub_type_check CHECK (property_sub_type IN (
        'apartment', 'house', 'detached', 'semi_detached', 'terraced', 'villa', 'penthouse', 'loft', 'studio', 'room',
        'rural', 'office', 'retail', 'warehouse', 'industrial', 'hotel', 'plot_building', 'plot_agricultural',
        'garage', 'parking', 'storage', 'building', 'other')),
    title text,
    description text,
    country text,
    region text,
    province text,
    municipality text,
    district text,
    postal_code text,
    list_price_minor bigint CONSTRAINT listings_list_price_check CHECK (list_price_minor >= 0),
    currency text CONSTRAINT listings_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    living_area_cm2 bigint CONSTRAINT listings_living_area_check CHECK (living_area_cm2 >= 0 AND living_area_cm2 % 100 = 0),
    plot_area_cm2 bigint CONSTRAINT listings_plot_area_check CHECK (plot_area_cm2 >= 0 AND plot_area_cm2 % 100 = 0),
    rooms integer CONSTRAINT listings_rooms_check CHECK (rooms >= 0),
    bedrooms_total integer CONSTRAINT listings_bedrooms_total_check CHECK (bedrooms_total >= 0),
    bathrooms_total integer CONSTRAINT listings_bathrooms_total_check CHECK (bathrooms_total >= 0),
    floor integer CONSTRAINT listings_floor_check CHECK (floor BETWEEN -10 AND 200),
    year_built integer CONSTRAINT listings_year_built_check CHECK (year_built BETWEEN 1000 AND 2200),
    energy_class text CONSTRAINT listings_energy_class_check CHECK (energy_class IN (
        'A4', 'A3', 'A2', 'A1', 'A+++', 'A++', 'A+', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H')),
    superoffer boolean NOT NULL,
    no_commission boolean NOT NULL,
    banner boolean NOT NULL,
    street_name text,
    street_number text,
    unit_number text,
    owner_name text,
    owner_phone text,
    owner_email text,
    private_note text,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT listings_number_key UNIQUE (tenant_id, number),
    CONSTRAINT listings_office_fkey FOREIGN KEY (tenant_id, office_id) REFERENCES offices,
    CONSTRAINT listings_price_has_currency CHECK (list_price_minor IS NULL OR currency IS NOT NULL)
);
-- One index per reach, each in the order of the list: a page reads the first rows of each and no more.
CREATE INDEX listings_newest ON listings (tenant_id, updated_at DESC, id DESC);
CREATE INDEX listings_of_office ON listings (tenant_id, office_id, updated_at DESC, id DESC);
CREATE INDEX listings_of_assignee ON listings (tenant_id, assignee_id, updated_at DESC, id DESC);
CREATE INDEX listings_of_creator ON listings (tenant_id, created_by, updated_at DESC, id DESC);
SELECT fence_tenant('listings');
