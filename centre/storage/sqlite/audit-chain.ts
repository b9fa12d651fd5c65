// The trail with its seals: each entry contains the hash of the one before it about the same subject, and of the one
// before it in the whole trail. Verifying reads both from the first entry.
import { chainHash, trailHash, trailStart, type AuditFinding, type TrailEntry } from '../../cases/trail.ts'
import { isPostgres, type Sqlite } from './database.ts'

interface Row extends TrailEntry {
  position: number
  hash: string
  chain: string | null
}

export function createSeal(db: Sqlite): (entry: TrailEntry) => void {
  const insertTrail = db.prepare(
    'INSERT INTO trail (alarm, at_ms, who, what, why, hash) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const lastSeal = db.prepare<[string], { hash: string }>(
    'SELECT hash FROM trail WHERE alarm = ? ORDER BY position DESC LIMIT 1',
  )
  const insertChain = db.prepare('INSERT INTO audit_chain (position, chain) VALUES (?, ?)')
  const head = db.prepare<[], { position: number; chain: string }>(
    'SELECT position, chain FROM audit_chain ORDER BY position DESC LIMIT 1',
  )
  const unchained = db.prepare<[number, number], { position: number; hash: string }>(
    'SELECT position, hash FROM trail WHERE position > ? ORDER BY position LIMIT ?',
  )
  const adopt = db.transaction((): boolean => {
    let { position, chain } = head.get() ?? { position: 0, chain: trailStart }
    const rows = unchained.all(position, 10_000)
    for (const row of rows) {
      chain = chainHash(chain, row.hash)
      position = row.position
      insertChain.run(position, chain)
    }
    return rows.length > 0
  })
  while (adopt.immediate());

  // PostgreSQL's texts have no character 0: the hash is of the text that is stored.
  const storable = (text: string): string => (isPostgres(db) ? text.replaceAll('\0', '\uFFFD') : text)
  return (given) => {
    const { atMs, what } = given
    const [alarm, who, why] = [storable(given.alarm), storable(given.who), storable(given.why)]
    const entry = { alarm, atMs, who, what, why }
    const hash = trailHash(lastSeal.get(alarm)?.hash ?? trailStart, entry)
    const { lastInsertRowid } = insertTrail.run(alarm, atMs, who, what, why, hash)
    insertChain.run(lastInsertRowid, chainHash(head.get()?.chain ?? trailStart, hash))
  }
}

/** Reads the whole trail; `anchor` is a head that was stored outside: it must be in the chain. */
export function verifyAudit(db: Sqlite, anchor?: string): AuditFinding {
  const rows = db
    .prepare<[], Row>(
      `SELECT t.position, t.alarm, t.at_ms AS atMs, t.who, t.what, t.why, t.hash, c.chain
       FROM trail t LEFT JOIN audit_chain c ON c.position = t.position ORDER BY t.position`,
    )
    .iterate()
  const seals = new Map<string, string>()
  let chain = trailStart
  let entries = 0
  let isAnchorFound = anchor === undefined || anchor === trailStart
  for (const row of rows) {
    entries++
    const hash = trailHash(seals.get(row.alarm) ?? trailStart, row)
    chain = chainHash(chain, row.hash)
    if (hash !== row.hash || row.chain !== chain)
      return { isGood: false, entries, broken: { position: row.position, about: row.alarm, atMs: row.atMs } }
    seals.set(row.alarm, hash)
    isAnchorFound ||= chain === anchor
  }
  const chained = db.prepare('SELECT count(*) FROM audit_chain').pluck().get() as number
  if (chained !== entries) return { isGood: false, entries, missing: chained - entries }
  return isAnchorFound
    ? { isGood: true, entries, head: chain }
    : { isGood: false, entries, isAnchorMissing: true }
}
