-- What is in the archive is listed only when it is asked for, and there may be any amount of it: each index of a list keeps
-- it apart, so that a page passes over none of it. The indexes keep their names, and what begins with them still has them.
ALTER TABLE listings ADD COLUMN is_archived boolean NOT NULL GENERATED ALWAYS AS (standard_status = 'archived') STORED;
DROP INDEX listings_newest, listings_of_office, listings_of_assignee, listings_of_creator, listings_by_creation,
    listings_by_price, listings_by_area, listings_by_number, listings_of_office_by_creation,
    listings_of_office_by_price, listings_of_office_by_area, listings_of_office_by_number;
CREATE INDEX listings_newest ON listings (tenant_id, is_archived, updated_at DESC, id DESC);
CREATE INDEX listings_of_office ON listings (tenant_id, office_id, is_archived, updated_at DESC, id DESC);
CREATE INDEX listings_of_assignee ON listings (tenant_id, assignee_id, is_archived, updated_at DESC, id DESC);
CREATE INDEX listings_of_creator ON listings (tenant_id, created_by, is_archived, updated_at DESC, id DESC);
CREATE INDEX listings_by_creation ON listings (tenant_id, is_archived, created_at, id);
CREATE INDEX listings_by_price ON listings (tenant_id, is_archived, list_price_order, id);
CREATE INDEX listings_by_area ON listings (tenant_id, is_archived, living_area_order, id);
CREATE INDEX listings_by_number ON listings (tenant_id, is_archived, number, id);
CREATE INDEX listings_of_office_by_creation ON listings (tenant_id, office_id, is_archived, created_at, id);
CREATE INDEX listings_of_office_by_price ON listings (tenant_id, office_id, is_archived, list_price_order, id);
CREATE INDEX listings_of_office_by_area ON listings (tenant_id, office_id, is_archived, living_area_order, id);
CREATE INDEX listings_of_office_by_number ON listings (tenant_id, office_id, is_archived, number, id);

ALTER TABLE inquiries ADD COLUMN is_archived boolean NOT NULL GENERATED ALWAYS AS (standard_status = 'archived') STORED;
DROP INDEX inquiries_newest, inquiries_of_office, inquiries_of_assignee, inquiries_of_creator, inquiries_by_creation,
    inquiries_by_number, inquiries_of_office_by_creation, inquiries_of_office_by_number;
CREATE INDEX inquiries_newest ON inquiries (tenant_id, is_archived, updated_at DESC, id DESC);
CREATE INDEX inquiries_of_office ON inquiries (tenant_id, office_id, is_archived, updated_at DESC, id DESC);
CREATE INDEX inquiries_of_assignee ON inquiries (tenant_id, assignee_id, is_archived, updated_at DESC, id DESC);
CREATE INDEX inquiries_of_creator ON inquiries (tenant_id, created_by, is_archived, updated_at DESC, id DESC);
CREATE INDEX inquiries_by_creation ON inquiries (tenant_id, is_archived, created_at, id);
CREATE INDEX inquiries_by_number ON inquiries (tenant_id, is_archived, number, id);
CREATE INDEX inquiries_of_office_by_creation ON inquiries (tenant_id, office_id, is_archived, created_at, id);
CREATE INDEX inquiries_of_office_by_number ON inquiries (tenant_id, office_id, is_archived, number, id);
