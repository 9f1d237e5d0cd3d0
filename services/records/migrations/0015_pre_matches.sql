-- Listings that were taken on or changed and are to be compared with what is searched for, and whom has been told what.

CREATE TABLE match_requests (
    tenant_id uuid NOT NULL,
    listing_id uuid NOT NULL,
    requested_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, listing_id),
    CONSTRAINT match_requests_listing_fkey FOREIGN KEY (tenant_id, listing_id) REFERENCES listings ON DELETE CASCADE
);
CREATE INDEX match_requests_oldest ON match_requests (requested_at);
SELECT fence_tenant('match_requests');

CREATE TABLE matches (
    tenant_id uuid NOT NULL,
    listing_id uuid NOT NULL,
    searcher_id uuid NOT NULL,
    searcher text NOT NULL CONSTRAINT matches_searcher_check CHECK (searcher IN ('inquiry', 'criteria')),
    told_to uuid NOT NULL,
    told_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, listing_id, searcher_id),
    CONSTRAINT matches_listing_fkey FOREIGN KEY (tenant_id, listing_id) REFERENCES listings ON DELETE CASCADE
);
COMMENT ON TABLE matches IS 'so that nobody is told of the same match twice';
CREATE INDEX matches_of_searcher ON matches (tenant_id, searcher_id);
SELECT fence_tenant('matches');

-- What is searched for actively, by the kind of transaction: the most selective of what a listing is compared with.
CREATE INDEX inquiries_active ON inquiries (tenant_id, transaction_type) WHERE standard_status = 'active';
CREATE INDEX search_criteria_active ON search_criteria (tenant_id, transaction_type) WHERE is_active;
