// The database of a centre under test: a file in its folder, or one of PostgreSQL where the tests of the project `postgres` run, for
// which every test of a centre is a test of both stores.
import pg from 'pg'

const databases = new Map<string, Promise<string>>()
let made = 0

/** Undefined where the tests run over SQLite. The same folder has the same database. */
export async function townDatabase(folder: string): Promise<string | undefined> {
  if (process.env['GENGFU_TEST_STORAGE'] !== 'postgres') return undefined
  const known = databases.get(folder) ?? createDatabase(Number(process.env['GENGFU_TEST_POSTGRES_PORT']))
  databases.set(folder, known)
  return known
}

async function createDatabase(port: number): Promise<string> {
  const name = `town_${process.pid}_${++made}`
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'gengfu', database: 'postgres' })
  await client.connect()
  await client.query(`CREATE DATABASE ${name}`)
  await client.end()
  return `postgres://gengfu@127.0.0.1:${port}/${name}`
}
