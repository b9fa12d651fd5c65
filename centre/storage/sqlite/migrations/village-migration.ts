// Lists of zones and devices, bulletins, and linkage between villages: one of the migrations.

export const villageMigration = `
-- What each box says that it watches; entries of the newest complete list, and of one that is arriving.
CREATE TABLE listed (
  box TEXT NOT NULL,
  type TEXT NOT NULL,
  id TEXT NOT NULL,
  hash TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (box, type, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE listed_parts (
  box TEXT NOT NULL,
  hash TEXT NOT NULL,
  part INTEGER NOT NULL,
  PRIMARY KEY (box, hash, part)
) STRICT, WITHOUT ROWID;

-- The number above which new ones go on, by what is numbered.
CREATE TABLE numbers (
  name TEXT PRIMARY KEY,
  floor INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE bulletins (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  villages TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE TABLE bulletin_commands (
  bulletin INTEGER NOT NULL,
  command TEXT NOT NULL,
  PRIMARY KEY (bulletin, command)
) STRICT, WITHOUT ROWID;

-- Every version is kept, the newest applies.
CREATE TABLE linkages (
  version INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  who TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
-- One row per rule, alarm upstream and village below, while the warning stands; over and learned from after that.
CREATE TABLE linkage_warnings (
  number INTEGER PRIMARY KEY,
  linkage TEXT NOT NULL,
  source TEXT NOT NULL,
  village TEXT NOT NULL,
  is_open INTEGER NOT NULL,
  arrival_minutes REAL,
  body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX linkage_warnings_open ON linkage_warnings (linkage, source, village) WHERE is_open = 1;
CREATE INDEX linkage_warnings_of_source ON linkage_warnings (source) WHERE is_open = 1;
CREATE INDEX linkage_warnings_of_village ON linkage_warnings (village) WHERE is_open = 1;
CREATE INDEX linkage_arrivals ON linkage_warnings (linkage, village, number) WHERE arrival_minutes IS NOT NULL;
`
