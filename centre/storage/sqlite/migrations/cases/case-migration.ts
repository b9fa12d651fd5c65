// The tables of cases: one of the migrations.
export const caseMigration = `
-- One row per case; body is the JSON of a Case, the columns beside it are what is searched and sorted by.
CREATE TABLE cases (
  number INTEGER PRIMARY KEY,
  village TEXT NOT NULL,
  box TEXT,
  incident TEXT,
  is_over INTEGER NOT NULL,
  colour_rank INTEGER NOT NULL,
  state TEXT NOT NULL,
  holder TEXT,
  opened_at_ms INTEGER NOT NULL,
  next_due_ms INTEGER,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX cases_by_urgency ON cases (is_over, colour_rank, number DESC);
CREATE INDEX cases_of_village ON cases (village, is_over, colour_rank, number DESC);
CREATE INDEX cases_by_incident ON cases (incident, opened_at_ms) WHERE incident IS NOT NULL AND is_over = 0;
CREATE INDEX cases_by_due ON cases (next_due_ms) WHERE next_due_ms IS NOT NULL;
CREATE INDEX cases_of_holder ON cases (holder) WHERE holder IS NOT NULL AND is_over = 0;

-- In which case an alarm is now.
CREATE TABLE case_alarms (
  alarm TEXT PRIMARY KEY,
  number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The history of every case, append-only; the trail seals each entry.
CREATE TABLE case_events (
  position INTEGER PRIMARY KEY,
  number INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  what TEXT NOT NULL,
  who TEXT NOT NULL,
  text TEXT NOT NULL,
  subject TEXT
) STRICT;
CREATE INDEX events_of_case ON case_events (number);
CREATE TRIGGER case_events_keep_what_is_written BEFORE UPDATE ON case_events
BEGIN SELECT RAISE(ABORT, 'the history of a case is append-only'); END;

-- The town's guidance, actions and plans, version by version; the newest holds.
CREATE TABLE action_lists (
  version INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  who TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
`
