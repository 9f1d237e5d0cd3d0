-- The words that records are searched by: a btree of words, since under row-level security the planner may use no index
-- for LIKE or @@, whose operators are not leakproof. Kept by the transaction that writes the record.

CREATE TABLE record_words (
    tenant_id uuid NOT NULL,
    section text NOT NULL,
    record_id uuid NOT NULL,
    word text COLLATE "C" NOT NULL,
    is_public boolean NOT NULL,
    PRIMARY KEY (tenant_id, record_id, word)
);
COMMENT ON TABLE record_words IS 'folded words of public and basic fields; identity data and private notes have none';
COMMENT ON COLUMN record_words.is_public IS 'whether a public field has the word, so that the public view may find it';
CREATE INDEX record_words_by_word ON record_words (tenant_id, section, word, record_id);
SELECT fence_tenant('record_words');
