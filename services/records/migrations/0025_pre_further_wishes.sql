-- What else is wanted of a property: both ends of each range, in which condition, and what it must have.
ALTER TABLE inquiries
    ADD COLUMN plot_area_max_cm2 bigint,
    ADD COLUMN bedrooms_max integer,
    ADD COLUMN year_built_max integer,
    ADD COLUMN conditions text[] NOT NULL DEFAULT '{}' CONSTRAINT inquiries_conditions_check CHECK (conditions <@ ARRAY[
        'new', 'to_be_built', 'under_construction', 'renovated', 'good', 'to_renovate', 'shell', 'demolition']),
    ADD COLUMN features text[] NOT NULL DEFAULT '{}' CONSTRAINT inquiries_features_check CHECK (features <@ ARRAY[
        'elevator', 'balcony', 'terrace', 'garage', 'garden', 'cellar', 'attic', 'furnished',
        'fitted_kitchen', 'air_conditioning', 'fireplace', 'pool', 'alarm', 'wheelchair_accessible',
        'sea_view']);
ALTER TABLE search_criteria
    ADD COLUMN plot_area_max_cm2 bigint,
    ADD COLUMN bedrooms_max integer,
    ADD COLUMN year_built_max integer,
    ADD COLUMN conditions text[] NOT NULL DEFAULT '{}' CONSTRAINT search_criteria_conditions_check CHECK (conditions <@ ARRAY[
        'new', 'to_be_built', 'under_construction', 'renovated', 'good', 'to_renovate', 'shell', 'demolition']),
    ADD COLUMN features text[] NOT NULL DEFAULT '{}' CONSTRAINT search_criteria_features_check CHECK (features <@ ARRAY[
        'elevator', 'balcony', 'terrace', 'garage', 'garden', 'cellar', 'attic', 'furnished',
        'fitted_kitchen', 'air_conditioning', 'fireplace', 'pool', 'alarm', 'wheelchair_accessible',
        'sea_view']);
