// The tables behind disabled users, tokens of programs, and the security log.

export const accountMigration = `
ALTER TABLE users ADD COLUMN is_disabled INTEGER NOT NULL DEFAULT 0;
-- Tokens of programs have a name space of their own; until now they were told from sessions by their long life alone.
ALTER TABLE tokens ADD COLUMN is_program INTEGER NOT NULL DEFAULT 0;
UPDATE tokens SET is_program = 1 WHERE expires_at_ms - created_at_ms > 86400000;

CREATE TABLE security_log (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL,
  what TEXT NOT NULL,
  who TEXT NOT NULL,
  address TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;

CREATE TABLE secrets (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`
