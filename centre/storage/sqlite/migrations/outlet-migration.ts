// The queue of messages to receivers outside: one of the migrations.

export const outletMigration = `
-- How far the audit log was looked at for steps of cases.
CREATE TABLE outlet_state (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- One message to one receiver: body is the JSON of what it says, written once.
CREATE TABLE deliveries (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  outlet TEXT NOT NULL,
  case_number INTEGER NOT NULL,
  step TEXT NOT NULL,
  by_user TEXT,
  state TEXT NOT NULL,
  words TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  is_urgent INTEGER NOT NULL,
  colour_rank INTEGER NOT NULL,
  made_at_ms INTEGER NOT NULL,
  due_at_ms INTEGER NOT NULL,
  ends_at_ms INTEGER NOT NULL,
  changed_at_ms INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX deliveries_waiting ON deliveries (outlet, is_urgent, due_at_ms) WHERE state = 'waiting';
CREATE INDEX deliveries_handed ON deliveries (outlet, changed_at_ms) WHERE state = 'handed-over';
CREATE INDEX deliveries_of_case ON deliveries (case_number, number);
`
