-- What a property has, what it costs besides its price, and what the owner has agreed with the agency.
ALTER TABLE listings
    ADD COLUMN condition text CONSTRAINT listings_condition_check CHECK (condition IN (
        'new', 'to_be_built', 'under_construction', 'renovated', 'good', 'to_renovate', 'shell',
        'demolition')),
    ADD COLUMN features text[] NOT NULL DEFAULT '{}' CONSTRAINT listings_features_check CHECK (features <@ ARRAY[
        'elevator', 'balcony', 'terrace', 'garage', 'garden', 'cellar', 'attic', 'furnished',
        'fitted_kitchen', 'air_conditioning', 'fireplace', 'pool', 'alarm', 'wheelchair_accessible',
        'sea_view']),
    ADD COLUMN heating text CONSTRAINT listings_heating_check CHECK (heating IN (
        'central', 'independent', 'district', 'heat_pump', 'electric', 'stove', 'none')),
    ADD COLUMN building_area_total_cm2 bigint CONSTRAINT listings_building_area_check CHECK (
        building_area_total_cm2 >= 0 AND building_area_total_cm2 % 100 = 0),
    ADD COLUMN parking_total integer CONSTRAINT listings_parking_total_check CHECK (parking_total >= 0),
    ADD COLUMN association_fee_minor bigint CONSTRAINT listings_association_fee_check CHECK (association_fee_minor >= 0),
    ADD COLUMN virtual_tour_url text,
    ADD COLUMN occupant_type text CONSTRAINT listings_occupant_type_check CHECK (occupant_type IN (
        'owner', 'tenant', 'vacant')),
    ADD COLUMN listing_agreement text CONSTRAINT listings_listing_agreement_check CHECK (listing_agreement IN (
        'exclusive_right_to_sell', 'exclusive_agency', 'open', 'verbal')),
    ADD COLUMN listing_contract_date date,
    ADD COLUMN expiration_date date,
    ADD COLUMN commission_basis_points integer CONSTRAINT listings_commission_check CHECK (
        commission_basis_points BETWEEN 0 AND 10000),
    ADD CONSTRAINT listings_fee_has_currency CHECK (association_fee_minor IS NULL OR currency IS NOT NULL),
    ADD CONSTRAINT listings_agreement_begins_first CHECK (expiration_date >= listing_contract_date);
