-- A second factor that an access template or a person's own policy demands, beside what the agency demands of all.

ALTER TABLE access_policies ADD COLUMN second_factor boolean NOT NULL DEFAULT false;
