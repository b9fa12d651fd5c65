// What this centre reports to the next one up: one of the migrations.

export const upwardMigration = `
-- The same lanes and numbers as a box has. Records stay for a while behind their Receipt, for a centre that was restored from a backup.
CREATE TABLE upward_lanes (
  lane INTEGER PRIMARY KEY,
  last INTEGER NOT NULL DEFAULT 0,
  receipted INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE upward_records (
  lane INTEGER NOT NULL,
  number INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (lane, number)
) STRICT, WITHOUT ROWID;
-- What was last written of a case, so that the same is not written again.
CREATE TABLE upward_cases (
  number INTEGER PRIMARY KEY,
  told TEXT NOT NULL
) STRICT;
-- Instructions that have been carried out: each once, however often it comes.
CREATE TABLE upward_commands (
  id TEXT PRIMARY KEY,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE upward_state (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`
