// Are storage's statements understood by PostgreSQL, and is an address with several servers read right?
import { describe, expect, it } from 'vitest'
import { parsePostgresUrl } from '../../../../../centre/storage/postgres/address.ts'
import { translate } from '../../../../../centre/storage/postgres/dialect.ts'

describe('a statement', () => {
  it.each([
    ['SELECT a FROM t WHERE b = ? AND c = ?', 'SELECT a FROM t WHERE b = $1 AND c = $2'],
    [
      "SELECT '?' AS atMs FROM t WHERE (? IS NULL OR b = ?)",
      `SELECT '?' AS "atMs" FROM t WHERE (CAST($1 AS TEXT) IS NULL OR b = $2)`,
    ],
    ['SELECT x FROM t INDEXED BY t_by_x CROSS JOIN u ON u.a = t.a', 'SELECT x FROM t JOIN u ON u.a = t.a'],
    ['INSERT INTO trail (alarm) VALUES (?)', 'INSERT INTO trail (alarm) VALUES ($1) RETURNING position'],
    [
      "SELECT user FROM tokens WHERE instr(body, '@a ?') > 0 AND terms @@ b",
      `SELECT "user" FROM tokens WHERE strpos(body, '@a ?') > 0 AND terms @@ b`,
    ],
  ])('%s', (sqlite, postgres) => {
    expect(translate(sqlite).text).toBe(postgres)
  })

  it('gives a value with a name one place, however often it is used', () => {
    const { text, names } = translate('SELECT 1 FROM t WHERE a = @box AND b = @id AND c = @box')
    expect([text, names]).toEqual(['SELECT 1 FROM t WHERE a = $1 AND b = $2 AND c = $1', ['box', 'id']])
  })
})

describe('an address', () => {
  it('names several servers in the order in which they are tried', () => {
    const parsed = parsePostgresUrl('postgres://gengfu@db-1,db-2:5433/town')
    expect(parsed.ok && parsed.value.servers).toEqual([
      { host: 'db-1', port: 5432 },
      { host: 'db-2', port: 5433 },
    ])
  })

  it.each([
    'postgres://gengfu:secret@db/town',
    'postgres://gengfu@db:0/town',
    'postgres://gengfu@/town',
    'postgres://gengfu@db',
    'postgres://gengfu@db/town?sslmode=disable',
  ])('%s is refused', (url) => {
    expect(parsePostgresUrl(url).ok).toBe(false)
  })
})
