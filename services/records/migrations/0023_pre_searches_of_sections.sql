-- Searches of every list, which can be changed; those that there are, are of listings.
ALTER TABLE saved_searches
    ADD COLUMN section text NOT NULL DEFAULT 'listings' CONSTRAINT saved_searches_section_check CHECK (section IN (
        'listings', 'inquiries', 'contacts')),
    ADD COLUMN version bigint NOT NULL DEFAULT 1;
