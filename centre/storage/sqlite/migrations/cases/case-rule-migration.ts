// The rules for cases that are set at the desk: one of the migrations.

export const caseRuleMigration = `
CREATE TABLE case_rules (
  version INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  who TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
`
