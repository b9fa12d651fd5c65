// The columns for accounts that see some towns and villages only.

export const scopeMigration = `
-- JSON list of towns and villages; NULL is every village. A session has the scope of its user, a program its own.
ALTER TABLE users ADD COLUMN scope TEXT;
ALTER TABLE tokens ADD COLUMN scope TEXT;
`
