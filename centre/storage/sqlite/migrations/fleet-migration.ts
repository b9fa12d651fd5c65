// The health of boxes, copies of their configuration, and work orders: one of the migrations.

export const fleetMigration = `
-- A code may count for one machine alone.
ALTER TABLE enrolments ADD COLUMN machine TEXT;

-- The latest report of each box.
CREATE TABLE box_vitals (
  box TEXT PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What another box needs to take the place of this one.
CREATE TABLE box_copies (
  box TEXT PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE work_orders (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  box TEXT NOT NULL,
  code TEXT NOT NULL,
  about TEXT NOT NULL,
  state TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX work_orders_by_state ON work_orders (state, number);
CREATE INDEX work_orders_of_box ON work_orders (box, state);
`
