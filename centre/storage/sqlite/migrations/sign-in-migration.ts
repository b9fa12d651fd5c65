// Second factors and the facts of a session: one of the migrations.

export const signInMigration = `
-- A secret has to be read to check a code: whoever can read this file can make codes. last_step: a code counts once.
CREATE TABLE second_factors (
  user TEXT PRIMARY KEY,
  secret TEXT NOT NULL,
  made_at_ms INTEGER NOT NULL,
  confirmed_at_ms INTEGER,
  last_step INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_codes (
  user TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (user, hash)
) STRICT, WITHOUT ROWID;

ALTER TABLE tokens ADD COLUMN address TEXT NOT NULL DEFAULT '';
-- The session may set up a second factor and nothing else.
ALTER TABLE tokens ADD COLUMN must_enrol INTEGER NOT NULL DEFAULT 0;
CREATE INDEX tokens_of_user ON tokens (user) WHERE is_program = 0 AND is_revoked = 0;
`
