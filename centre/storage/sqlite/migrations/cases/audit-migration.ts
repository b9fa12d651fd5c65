// The chain over all entries of the trail: one of the migrations.
export const auditMigration = `
-- One row per entry of the trail, in its order: each hash is over the one before it and the entry's own, so that no entry can be
-- taken out, not even the last of a case, without the head showing it. Entries of older programs are added at the next start.
CREATE TABLE audit_chain (
  position INTEGER PRIMARY KEY,
  chain TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_chain_keeps_what_is_written BEFORE UPDATE ON audit_chain
BEGIN SELECT RAISE(ABORT, 'the audit chain is append-only'); END;
CREATE TRIGGER audit_chain_keeps_every_entry BEFORE DELETE ON audit_chain
BEGIN SELECT RAISE(ABORT, 'the audit chain is append-only'); END;
`
