-- Further orders of the list, for the whole agency and for one office; one person's listings are few enough to sort.

-- Columns of their own: through the branches of the list's statement an expression is no condition of its index.
ALTER TABLE listings
    ADD COLUMN list_price_order bigint GENERATED ALWAYS AS (coalesce(list_price_minor, -1)) STORED,
    ADD COLUMN living_area_order bigint GENERATED ALWAYS AS (coalesce(living_area_cm2, -1)) STORED;

CREATE INDEX listings_by_creation ON listings (tenant_id, created_at, id);
CREATE INDEX listings_by_price ON listings (tenant_id, list_price_order, id);
CREATE INDEX listings_by_area ON listings (tenant_id, living_area_order, id);
CREATE INDEX listings_by_number ON listings (tenant_id, number, id);
CREATE INDEX listings_of_office_by_creation ON listings (tenant_id, office_id, created_at, id);
CREATE INDEX listings_of_office_by_price ON listings (tenant_id, office_id, list_price_order, id);
CREATE INDEX listings_of_office_by_area ON listings (tenant_id, office_id, living_area_order, id);
CREATE INDEX listings_of_office_by_number ON listings (tenant_id, office_id, number, id);
