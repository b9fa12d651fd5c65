// The table of commands: one of the migrations.

export const commandMigration = `
-- What boxes were asked to do: body is the JSON of a DeskCommand. is_open: the box may still have something to say of it.
CREATE TABLE commands (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  box TEXT NOT NULL,
  is_open INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX commands_of_box ON commands (box, number);
CREATE INDEX commands_open ON commands (number) WHERE is_open = 1;
`
