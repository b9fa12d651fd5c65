// The centre's tables, version by version; each step runs in one transaction and is never edited once released.
import { accountMigration } from './account-migration.ts'
import { commandMigration } from './command-migration.ts'
import { auditMigration } from './cases/audit-migration.ts'
import { caseMigration } from './cases/case-migration.ts'
import { caseRuleMigration } from './cases/case-rule-migration.ts'
import { caseLifeMigration } from './cases/case-life-migration.ts'
import { enrolmentMigration } from './enrolment-migration.ts'
import { fleetMigration } from './fleet-migration.ts'
import { familyMigration } from './cases/family-migration.ts'
import { pictureMigration } from './picture-migration.ts'
import { responseMigration } from './cases/response-migration.ts'
import { rosterMigration } from './cases/roster-migration.ts'
import { scopeMigration } from './scope-migration.ts'
import { searchMigration } from './search-migration.ts'
import { outletMigration } from './outlet-migration.ts'
import { villageMigration } from './village-migration.ts'
import { upwardMigration } from './upward-migration.ts'
import { scaleMigration } from './scale-migration.ts'
import { signInMigration } from './sign-in-migration.ts'
import { storedBytesMigration } from './stored-bytes-migration.ts'

export const migrations: readonly string[] = [
  `
CREATE TABLE starts (
  number INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE boxes (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  last_heard_at_ms INTEGER
) STRICT, WITHOUT ROWID;

-- The number of an epoch is the order in which the centre first heard it.
CREATE TABLE epochs (
  number INTEGER PRIMARY KEY,
  box TEXT NOT NULL,
  epoch TEXT NOT NULL,
  last_position INTEGER NOT NULL DEFAULT 0,
  UNIQUE (box, epoch)
) STRICT;

-- Which numbers of a lane are settled (stored, or skipped by the box), as JSON [[from, to], ...].
CREATE TABLE lanes (
  epoch INTEGER NOT NULL REFERENCES epochs (number),
  lane INTEGER NOT NULL,
  settled TEXT NOT NULL,
  PRIMARY KEY (epoch, lane)
) STRICT, WITHOUT ROWID;

-- position is the order of storing; rows are never changed.
CREATE TABLE records (
  position INTEGER PRIMARY KEY,
  epoch INTEGER NOT NULL,
  lane INTEGER NOT NULL,
  number INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  received_at_ms INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (epoch, lane, number)
) STRICT;
CREATE INDEX records_in_box_order ON records (epoch, sequence);

CREATE TABLE skipped (
  epoch INTEGER NOT NULL,
  lane INTEGER NOT NULL,
  from_number INTEGER NOT NULL,
  to_number INTEGER NOT NULL,
  reason TEXT NOT NULL,
  received_at_ms INTEGER NOT NULL,
  PRIMARY KEY (epoch, lane, from_number, to_number)
) STRICT, WITHOUT ROWID;

-- One row per alarm; row is the JSON of a DeskRow, the columns beside it are what is searched and sorted by.
CREATE TABLE alarms (
  arrival INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  box TEXT NOT NULL,
  kind TEXT NOT NULL,
  is_active INTEGER NOT NULL,
  colour_rank INTEGER NOT NULL,
  stage TEXT NOT NULL,
  row TEXT NOT NULL
) STRICT;
CREATE INDEX alarms_by_urgency ON alarms (is_active, colour_rank, arrival DESC);
CREATE INDEX alarms_by_colour ON alarms (colour_rank, arrival DESC);
CREATE INDEX alarms_of_box ON alarms (box, is_active);

-- What the stream pushed, so that a desk that was away can catch up; the oldest are pruned.
CREATE TABLE changes (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  message TEXT NOT NULL
) STRICT;

CREATE TABLE trail (
  position INTEGER PRIMARY KEY,
  alarm TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  who TEXT NOT NULL,
  what TEXT NOT NULL,
  why TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE INDEX trail_of_alarm ON trail (alarm);
CREATE TRIGGER trail_keeps_what_is_written BEFORE UPDATE ON trail
BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END;
CREATE TRIGGER trail_keeps_every_entry BEFORE DELETE ON trail
BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END;

CREATE TABLE quarantine (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  box TEXT NOT NULL,
  topic TEXT NOT NULL,
  cause TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  payload BLOB NOT NULL
) STRICT;

CREATE TABLE users (
  name TEXT PRIMARY KEY,
  role TEXT NOT NULL,
  salt TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
  hash TEXT PRIMARY KEY,
  user TEXT NOT NULL,
  role TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  is_revoked INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
`,
  `
-- Where the records of salvaged journals stood first: each place is stored once.
CREATE TABLE origins (
  box TEXT NOT NULL,
  epoch TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  PRIMARY KEY (box, epoch, sequence)
) STRICT, WITHOUT ROWID;

-- When a boot of a box began, reported by the box once it knew the time.
CREATE TABLE boot_times (
  epoch INTEGER NOT NULL,
  boot INTEGER NOT NULL,
  boot_wall_ms REAL NOT NULL,
  PRIMARY KEY (epoch, boot)
) STRICT, WITHOUT ROWID;
INSERT OR REPLACE INTO boot_times
  SELECT epoch, json_extract(body, '$.facts.boot'), json_extract(body, '$.facts.bootWallMs')
  FROM records
  WHERE body LIKE '{"type":"log"%"what":"clock-synced"%'
    AND json_type(body, '$.facts.boot') = 'integer'
    AND json_type(body, '$.facts.bootWallMs') IN ('integer', 'real')
  ORDER BY position;
`,
  commandMigration,
  pictureMigration,
  // Boxes that are removed for good.
  `
ALTER TABLE boxes ADD COLUMN retired_at_ms INTEGER;
`,
  accountMigration,
  caseMigration,
  auditMigration,
  storedBytesMigration,
  scopeMigration,
  rosterMigration,
  caseLifeMigration,
  responseMigration,
  familyMigration,
  signInMigration,
  searchMigration,
  upwardMigration,
  outletMigration,
  villageMigration,
  scaleMigration,
  enrolmentMigration,
  fleetMigration,
  caseRuleMigration,
]
