// Pictures: the facts from boxes, the stored files, and the looks.

export const pictureMigration = `
-- What boxes say of the pictures they took: facts is the JSON of the record, the columns are what is searched by.
CREATE TABLE snapshots (
  box TEXT NOT NULL,
  id TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  alarm TEXT,
  taken_at_ms INTEGER NOT NULL,
  preview TEXT NOT NULL,
  full TEXT NOT NULL,
  facts TEXT NOT NULL,
  PRIMARY KEY (box, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX snapshots_of_alarm ON snapshots (alarm) WHERE alarm IS NOT NULL;
CREATE INDEX snapshots_in_time ON snapshots (box, taken_at_ms DESC);
CREATE INDEX snapshots_by_preview ON snapshots (box, preview);
CREATE INDEX snapshots_by_full ON snapshots (box, full);

-- The files they name; stored_at_ms is set once one is whole on the disk, gone_why once it is not wanted any more.
CREATE TABLE picture_files (
  box TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  stored_at_ms INTEGER,
  gone_at_ms INTEGER,
  gone_why TEXT,
  PRIMARY KEY (box, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX picture_files_by_name ON picture_files (sha256);
CREATE INDEX picture_files_here ON picture_files (stored_at_ms) WHERE stored_at_ms IS NOT NULL AND gone_why IS NULL;

-- Every look at a picture, written before the picture is handed out.
CREATE TABLE looks (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL,
  who TEXT NOT NULL,
  role TEXT NOT NULL,
  box TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  size TEXT NOT NULL,
  alarm TEXT,
  camera TEXT NOT NULL
) STRICT;
CREATE INDEX looks_of_alarm ON looks (alarm, position) WHERE alarm IS NOT NULL;
CREATE TRIGGER looks_keep_what_is_written BEFORE UPDATE ON looks
BEGIN SELECT RAISE(ABORT, 'looks are append-only'); END;
`
