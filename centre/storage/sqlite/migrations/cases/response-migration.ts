// Links of people who were sent, their reports through them, and the attachments of cases: one of the migrations.

export const responseMigration = `
-- Only the hash of a token is kept. device_hash: of the phone that opened the link first; no other one may use it.
CREATE TABLE response_links (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  hash TEXT NOT NULL UNIQUE,
  case_number INTEGER NOT NULL,
  dispatch INTEGER NOT NULL,
  sent_to TEXT NOT NULL,
  made_by TEXT NOT NULL,
  made_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  device_hash TEXT,
  opened_at_ms INTEGER,
  ended_at_ms INTEGER
) STRICT;
CREATE INDEX response_links_of_case ON response_links (case_number);
CREATE INDEX response_links_by_term ON response_links (expires_at_ms);

-- What came through a link: the page's own id makes a repeat count once.
CREATE TABLE response_entries (
  link INTEGER NOT NULL REFERENCES response_links (number) ON DELETE CASCADE,
  id TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  what TEXT NOT NULL,
  PRIMARY KEY (link, id)
) STRICT, WITHOUT ROWID;

-- Files of cases; the bytes lie in a folder beside the database under their SHA-256.
CREATE TABLE attachments (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  case_number INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  who TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  gone_at_ms INTEGER,
  UNIQUE (case_number, sha256)
) STRICT;
CREATE INDEX attachments_by_file ON attachments (sha256) WHERE gone_at_ms IS NULL;
CREATE INDEX attachments_by_term ON attachments (at_ms) WHERE gone_at_ms IS NULL;
`
