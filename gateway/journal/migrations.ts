// The journal's schema: one migration per version, each in one transaction. The lane tables are the outbox: a record
// is appended once, its row number is its lane number, and there is no index that would cost a further page on the
// flash.
import { lanes, type Lane } from '../../protocols/domain/colour.ts'

export const laneTable = (lane: Lane): string => `lane_${lane}`

/**
 * Migration N brings a file from version N to N + 1. Never edit a released one; append. The file is copied before, for a
 * version that goes back (`before-migration.ts`).
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE odd_ids (
    position INTEGER PRIMARY KEY, device TEXT NOT NULL, message_id TEXT NOT NULL
  ) STRICT;
  CREATE TABLE quarantine (
    position INTEGER PRIMARY KEY, at_ms REAL NOT NULL, device TEXT NOT NULL, topic TEXT NOT NULL,
    problem TEXT NOT NULL, payload BLOB NOT NULL
  ) STRICT;
  ${lanes
    .map((lane) => `CREATE TABLE ${laneTable(lane)} (number INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;`)
    .join('\n')}
  `,
  // From here on events may be stored in their short form (`short-event.ts`): an older version could not read them.
  `-- nothing to change in what is there`,
  // Messages under an uncounted id, with their time: if the device uses the id again for other content, that must be a new
  // event.
  `ALTER TABLE odd_ids ADD COLUMN heard REAL`,
  // A damaged byte may leave a document that parses (`sound-documents.ts`); `document_sum` is registered where the
  // file is opened.
  `ALTER TABLE state ADD COLUMN sum INTEGER;
   ALTER TABLE meta ADD COLUMN sum INTEGER;
   UPDATE state SET sum = document_sum(key, value);
   UPDATE meta SET sum = document_sum(key, value)`,
]
