// One-time codes of boxes and the certificates that the centre has signed: one of the migrations.

export const enrolmentMigration = `
-- A code itself is not stored: only a hash that names it, and the key with which both sides sign.
CREATE TABLE enrolments (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  code_id TEXT NOT NULL UNIQUE,
  code_key TEXT NOT NULL,
  box TEXT NOT NULL,
  name TEXT,
  made_by TEXT NOT NULL,
  made_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  used_at_ms INTEGER,
  used_serial TEXT,
  ended_at_ms INTEGER
) STRICT;
CREATE INDEX enrolments_of_box ON enrolments (box);

CREATE TABLE box_certificates (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  serial TEXT NOT NULL UNIQUE,
  key_hash TEXT NOT NULL,
  box TEXT NOT NULL,
  issued_at_ms INTEGER NOT NULL,
  not_after_ms INTEGER NOT NULL,
  pem TEXT NOT NULL,
  revoked_at_ms INTEGER,
  revoked_by TEXT
) STRICT;
CREATE INDEX box_certificates_of_box ON box_certificates (box, revoked_at_ms);
CREATE INDEX box_certificates_revoked ON box_certificates (serial) WHERE revoked_at_ms IS NOT NULL;
`
