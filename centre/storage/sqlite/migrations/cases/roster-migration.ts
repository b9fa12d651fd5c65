// The duty roster: one of the migrations.

export const rosterMigration = `
-- Body is the JSON of a RosterEntry; the telephone number stands apart, so that no list can read it along. Numbers are never given twice.
CREATE TABLE roster (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  body TEXT NOT NULL,
  phone TEXT NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  changed_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX roster_by_term ON roster (expires_at_ms);

CREATE TABLE roster_villages (
  village TEXT NOT NULL,
  number INTEGER NOT NULL REFERENCES roster (number) ON DELETE CASCADE,
  PRIMARY KEY (village, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX roster_villages_of ON roster_villages (number);
`
