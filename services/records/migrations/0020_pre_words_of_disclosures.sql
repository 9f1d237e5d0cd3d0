-- What was searched for may name a person who objects some day: it is kept that words were given, not which.

ALTER TABLE disclosures NO FORCE ROW LEVEL SECURITY;
UPDATE disclosures SET asked = asked || '{"q": ""}' WHERE asked ->> 'q' <> '';
ALTER TABLE disclosures FORCE ROW LEVEL SECURITY;
COMMENT ON COLUMN disclosures.asked IS 'which records were asked for, and in which order; of the words, that there were some';
