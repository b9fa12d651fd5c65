// When does a transaction over PostgreSQL count as stored? The server is a fake that answers what the test says.
import { expect, it } from 'vitest'
import type { SqlAnswer, SqlRequest } from '../../../../../centre/storage/postgres/connection/messages.ts'
import { PostgresDatabase } from '../../../../../centre/storage/postgres/postgres-database.ts'

const rows = (command: string) => ({ fields: [], rows: [], count: 1, command })

function createFake(answer: (request: SqlRequest, asked: number) => SqlAnswer | undefined) {
  const asked: string[][] = []
  const connection = {
    ask: (request: SqlRequest): SqlAnswer => {
      asked.push(request.steps.map(({ text }) => text))
      const results = request.steps.map(({ text }) => rows(text.split(' ')[0] ?? ''))
      return answer(request, asked.length) ?? { results, warnings: [] }
    },
    close: () => undefined,
  }
  const db = new PostgresDatabase({ connection, role: 'writer' })
  const insert = db.prepare('INSERT INTO lanes (epoch) VALUES (?)')
  const store = db.transaction(() => {
    insert.run(1)
    insert.run(2)
  })
  return { db, asked, store }
}

const codeOf = (run: () => unknown): string => {
  try {
    run()
    return 'stored'
  } catch (error) {
    return (error as { code: string }).code
  }
}

it('writes go together, and the lock of the one writer is taken first', () => {
  const { asked, store } = createFake(() => undefined)
  expect(codeOf(store)).toBe('stored')
  expect(asked.map((steps) => steps.length)).toEqual([5, 2])
  // Bulk sees by the first lock that an urgent one waits for the second.
  expect(asked[0]?.slice(0, 3).join(' ')).toMatch(
    /^BEGIN SELECT pg_advisory_xact_lock_shared\(\d+\) SELECT pg_advisory_xact_lock\(\d+\)$/,
  )
  // A transaction that has changed nothing writes too: else its COMMIT would not wait for the standby.
  expect(asked[1]?.[0]).toContain('pg_logical_emit_message(true')
  expect(asked[1]?.[1]).toBe('COMMIT')
})

it('bulk queues by itself before the lock of the writer, and asks whether an urgent one waits', () => {
  let isHere = false
  const { db, asked, store } = createFake(({ steps }) =>
    steps.at(-1)?.name === 'urgent'
      ? { results: [{ ...rows('SELECT'), rows: [[1]] }], warnings: [] }
      : undefined,
  )
  const local = new PostgresDatabase({
    connection: { ask: () => ({ results: [], warnings: [] }), close: () => undefined },
    role: 'writer',
    isUrgentHere: () => isHere,
  })
  expect(local.isUrgentWaiting()).toBe(false)
  isHere = true
  expect(local.isUrgentWaiting()).toBe(true)
  db.asBulk(() => db.transaction(() => expect(db.isUrgentWaiting()).toBe(true))())
  expect(asked[0]?.[1]).toMatch(/^SELECT pg_advisory_xact_lock\(/)
  expect(asked[0]?.[1]).not.toBe(asked[0]?.[2])
  asked.length = 0
  expect(codeOf(store)).toBe('stored')
  expect(asked[0]?.[1]).toContain('_shared')
})

it('a COMMIT with a warning is not stored: the standby may not have it', () => {
  const warnings = [{ code: '01000', message: 'canceling wait for synchronous replication' }]
  const { store } = createFake(({ steps }) =>
    steps.at(-1)?.text === 'COMMIT' ? { results: [rows('COMMIT')], warnings } : undefined,
  )
  expect(codeOf(store)).toBe('PG_NOT_DURABLE')
})

it('a session that ends in the COMMIT leaves the outcome unknown, and one that ends before it does not', () => {
  const error = { code: 'cut', message: 'gone', isCut: true }
  const atCommit = createFake(({ steps }) =>
    steps.at(-1)?.text === 'COMMIT' ? { results: [], warnings: [], error } : undefined,
  )
  expect(codeOf(atCommit.store)).toBe('PG_UNKNOWN')
  const before = createFake(({ steps }) =>
    steps[0]?.text === 'BEGIN' ? { results: [], warnings: [], error } : undefined,
  )
  expect(codeOf(before.store)).toBe('PG_CUT')
})

it('a COMMIT that the server turned into a rollback is not stored', () => {
  const { store } = createFake(({ steps }) =>
    steps.at(-1)?.text === 'COMMIT' ? { results: [rows('ROLLBACK')], warnings: [] } : undefined,
  )
  expect(codeOf(store)).toBe('PG_ROLLED_BACK')
})

it('a deadlock is made again from the start', () => {
  const error = { code: '40P01', message: 'deadlock', isCut: false }
  const { asked, store } = createFake((_request, asked) =>
    asked === 1 ? { results: [], warnings: [], error } : undefined,
  )
  expect(codeOf(store)).toBe('stored')
  expect(asked.filter((steps) => steps[0] === 'BEGIN')).toHaveLength(2)
})

it('a part that fails for its data leaves the rest of the transaction', () => {
  const error = { code: '23505', message: 'unique', isCut: false }
  const { db, asked } = createFake(({ steps }) =>
    steps.some(({ text }) => text.includes('boxes')) ? { results: [], warnings: [], error } : undefined,
  )
  const bad = db.prepare('INSERT INTO boxes (id) VALUES (?)')
  const good = db.prepare('INSERT INTO lanes (epoch) VALUES (?)')
  const both = db.transaction(() => {
    good.run(1)
    expect(codeOf(db.transaction(() => bad.run('x')))).toBe('PG_23505')
    good.run(2)
  })
  expect(codeOf(both)).toBe('stored')
  expect(asked.flat().filter((text) => text.startsWith('ROLLBACK TO'))).toHaveLength(1)
})
