// Families who asked for notices, and their notices: one of the migrations.

export const familyMigration = `
-- Only the hash of a family's link is kept.
CREATE TABLE families (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  hash TEXT NOT NULL UNIQUE,
  label TEXT NOT NULL,
  box TEXT NOT NULL,
  zone TEXT NOT NULL,
  kinds TEXT NOT NULL,
  consent_how TEXT NOT NULL,
  consent_at_ms INTEGER NOT NULL,
  made_by TEXT NOT NULL,
  made_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX families_of_place ON families (box, zone);
CREATE INDEX families_by_term ON families (expires_at_ms);

-- The queue of what outlets pass on; written in the transaction of the case.
CREATE TABLE family_notices (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  family INTEGER NOT NULL REFERENCES families (number) ON DELETE CASCADE,
  alarm TEXT NOT NULL,
  what TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  is_taken INTEGER NOT NULL DEFAULT 0,
  UNIQUE (family, alarm, what)
) STRICT;
CREATE INDEX family_notices_waiting ON family_notices (position) WHERE is_taken = 0;
CREATE INDEX family_notices_in_time ON family_notices (at_ms);
`
