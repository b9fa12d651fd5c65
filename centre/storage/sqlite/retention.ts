// Rows older than their term: found on the reader's connection, deleted on the writer's, a page at a time. Nothing is
// deleted from the trail and the chain over it, because every later entry is hashed over the ones before it.
import { lanes } from '../../../protocols/domain/colour.ts'
import type { ExpiredKind, ExpiredPage, ExpiredQuery } from '../retention-port.ts'
import { immediately, type Sqlite } from './database.ts'

const routineLanes = new Set([lanes.indexOf('routine'), lanes.indexOf('picture')])

interface RecordRow {
  position: number
  lane: number
  atMs: number
}

/** Ids in the order of `after`, each in the text form for `dropExpired`. */
export function createExpiredReader(db: Sqlite): { expired: (query: ExpiredQuery) => ExpiredPage } {
  const records = db.prepare<[number, number], RecordRow>(
    `SELECT position, lane, received_at_ms AS atMs FROM records WHERE position > ? ORDER BY position LIMIT ?`,
  )
  const finders: Record<Exclude<ExpiredKind, 'routine' | 'records'>, string> = {
    // The newest number stays, so that no number is used twice.
    cases: `SELECT number AS id FROM cases WHERE number > @after AND is_over = 1
      AND number < (SELECT max(number) FROM cases) AND opened_at_ms < @beforeMs
      AND NOT EXISTS (SELECT 1 FROM case_events e WHERE e.number = cases.number AND e.at_ms >= @beforeMs)
      ORDER BY number LIMIT @limit`,
    alarms: `SELECT arrival AS id FROM alarms WHERE arrival > @after AND is_active = 0
      AND json_valid(row) AND CAST(json_extract(row, '$.changedAtMs') AS DOUBLE PRECISION) < @beforeMs
      AND NOT EXISTS (SELECT 1 FROM case_alarms a JOIN cases c ON c.number = a.number WHERE a.alarm = alarms.id)
      ORDER BY arrival LIMIT @limit`,
    commands: `SELECT number AS id FROM commands WHERE number > @after AND is_open = 0
      AND number < (SELECT max(number) FROM commands)
      AND json_valid(body) AND CAST(json_extract(body, '$.changedAtMs') AS DOUBLE PRECISION) < @beforeMs ORDER BY number LIMIT @limit`,
    quarantine: `SELECT position AS id FROM quarantine WHERE position > @after AND at_ms < @beforeMs
      ORDER BY position LIMIT @limit`,
  }
  const prepared = new Map(
    Object.entries(finders).map(([kind, sql]) => [
      kind,
      db.prepare<[{ after: number; beforeMs: number; limit: number }], number>(sql).pluck(),
    ]),
  )

  /**
   * Records of both kinds are in one table in the order of arrival: each page reads `limit` of them and continues after
   * them.
   */
  function expiredRecords({ kind, beforeMs, after, limit }: ExpiredQuery): ExpiredPage {
    const page = records.all(after, limit)
    const isRoutine = kind === 'routine'
    const ids = page
      .filter(({ lane, atMs }) => routineLanes.has(lane) === isRoutine && atMs < beforeMs)
      .map(({ position }) => position)
    const last = page.at(-1)
    const isEnd = last === undefined || page.length < limit || last.atMs >= beforeMs
    return { ids, next: last?.position ?? after, isEnd }
  }

  return {
    expired: (query) => {
      const { kind, beforeMs, after, limit } = query
      if (kind === 'routine' || kind === 'records') return expiredRecords(query)
      const ids = prepared.get(kind)?.all({ after, beforeMs, limit }) ?? []
      return { ids, next: ids.at(-1) ?? after, isEnd: ids.length < limit }
    },
  }
}

export function createExpiredWriter(db: Sqlite): {
  dropExpired: (kind: ExpiredKind, ids: number[]) => number
} {
  const statements: Record<ExpiredKind, readonly string[]> = {
    routine: ['DELETE FROM records WHERE position = ?'],
    records: ['DELETE FROM records WHERE position = ?'],
    cases: [
      'DELETE FROM case_events WHERE number = ?',
      'DELETE FROM case_alarms WHERE number = ?',
      'DELETE FROM deliveries WHERE case_number = ?',
      'DELETE FROM case_search WHERE rowid = ?',
      'DELETE FROM cases WHERE number = ? AND is_over = 1',
    ],
    alarms: [
      'DELETE FROM alarm_search WHERE rowid = ?',
      'DELETE FROM alarms WHERE arrival = ? AND is_active = 0',
    ],
    commands: ['DELETE FROM commands WHERE number = ? AND is_open = 0'],
    quarantine: ['DELETE FROM quarantine WHERE position = ?'],
  }
  const prepared = new Map(
    Object.entries(statements).map(([kind, all]) => [kind, all.map((sql) => db.prepare(sql))]),
  )
  return {
    dropExpired: immediately(db, (kind: ExpiredKind, ids: number[]) => {
      let deleted = 0
      for (const id of ids) {
        let changes = 0
        // The last statement is about the row itself.
        for (const statement of prepared.get(kind) ?? []) changes = statement.run(id).changes
        deleted += changes
      }
      return deleted
    }),
  }
}
