-- Who acted for the person who took records out: support, which looks with a person's rights, bears its own name.

ALTER TABLE disclosures ADD COLUMN actor text;
COMMENT ON COLUMN disclosures.actor IS 'who acted for the person, as the access token says; null: nobody, it was the person';
