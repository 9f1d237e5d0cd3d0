-- Each filter of the journal of rights walks an index of its own, so that a page about somebody rare costs a page.
SET lock_timeout = '5s';

CREATE INDEX rights_changes_of_key ON rights_changes (tenant_id, key, at DESC, seq DESC) WHERE key IS NOT NULL;
CREATE INDEX rights_changes_by_author ON rights_changes (tenant_id, author_id, at DESC, seq DESC)
    WHERE author_id IS NOT NULL;
