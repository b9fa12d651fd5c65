// The latest health of each box, copies of configurations, and work orders in SQLite.
import {
  visitsMax,
  workPhotosMax,
  type WorkOrder,
  type WorkState,
} from '../../../../protocols/desk/fleet/work-orders.ts'
import { isInScope, type Scope } from '../../../../protocols/desk/scope.ts'
import type { FleetReaderCalls, FleetWriterCalls, NewWorkOrder, StoredCopy } from '../../fleet-port.ts'
import { immediately, type Sqlite } from '../database.ts'
import { readDocument } from '../documents.ts'
import { inScopeSql, scopeColumn } from '../scope-column.ts'

/** Open work orders; a further one is refused. */
export const openWorkMax = 5000

interface WorkRow {
  number: number
  state: string
  body: string
}

const orderOf = (db: Sqlite, { number, state, body }: WorkRow): WorkOrder | undefined => {
  const stored = readDocument(db, 'work_orders', `${number}`, body)
  return stored && { ...stored, id: `work-${number}`, state: state as WorkState }
}

const columns = 'SELECT number, state, body FROM work_orders'

export function createFleetWriter(db: Sqlite): FleetWriterCalls {
  const putVitals = db.prepare(`INSERT INTO box_vitals (box, at_ms, body) VALUES (?, ?, ?)
     ON CONFLICT (box) DO UPDATE SET at_ms = excluded.at_ms, body = excluded.body`)
  const copyAt = db.prepare<[string], number>('SELECT at_ms FROM box_copies WHERE box = ?').pluck()
  const putCopy = db.prepare(`INSERT INTO box_copies (box, at_ms, body) VALUES (?, ?, ?)
     ON CONFLICT (box) DO UPDATE SET at_ms = excluded.at_ms, body = excluded.body`)
  return {
    noteVitals: immediately(db, (rows) => {
      for (const { box, atMs, vitals } of rows) putVitals.run(box, Math.round(atMs), JSON.stringify(vitals))
    }),
    putBoxCopy: immediately(db, ({ box, atMs, body }: StoredCopy): boolean => {
      if ((copyAt.get(box) ?? Number.NEGATIVE_INFINITY) > atMs) return false
      putCopy.run(box, Math.round(atMs), body)
      return true
    }),
    ...createWorkCalls(db),
  }
}

function createWorkCalls(db: Sqlite): Omit<FleetWriterCalls, 'noteVitals' | 'putBoxCopy'> {
  const one = db.prepare<[number], WorkRow>(`${columns} WHERE number = ?`)
  const same = db.prepare<[string, string, string], WorkRow>(
    `${columns} WHERE box = ? AND state = 'open' AND code = ? AND about = ?`,
  )
  const countOpen = db.prepare<[], number>(`SELECT count(*) FROM work_orders WHERE state = 'open'`).pluck()
  const insert = db.prepare(
    `INSERT INTO work_orders (box, code, about, state, body) VALUES (?, ?, ?, 'open', ?)`,
  )
  const update = db.prepare('UPDATE work_orders SET state = ?, body = ? WHERE number = ?')

  function change(
    number: number,
    scope: Scope | undefined,
    next: (order: WorkOrder) => WorkOrder | undefined,
  ): WorkOrder | undefined {
    const row = one.get(number)
    const order = row && orderOf(db, row)
    if (order?.state !== 'open' || !isInScope(scope, order.box)) return undefined
    const changed = next(order)
    if (!changed) return undefined
    const { id: _, state, ...body } = changed
    update.run(state, JSON.stringify(body), number)
    return changed
  }

  return {
    putWorkOrder: immediately(db, (order: NewWorkOrder): WorkOrder | undefined => {
      const standing = same.get(order.box, order.code, order.about ?? '')
      if (standing) return orderOf(db, standing)
      if ((countOpen.get() ?? 0) >= openWorkMax) return undefined
      const body = { ...order, visits: [], photos: [] }
      const { lastInsertRowid } = insert.run(order.box, order.code, order.about ?? '', JSON.stringify(body))
      return { ...body, id: `work-${lastInsertRowid}`, state: 'open' }
    }),
    visitWorkOrder: immediately(db, (number, { text, isDone, by, atMs }, scope) =>
      change(number, scope, (order) =>
        order.visits.length >= visitsMax
          ? undefined
          : {
              ...order,
              visits: [...order.visits, { atMs, by, text, isDone }],
              state: isDone ? 'done' : 'open',
            },
      ),
    ),
    addWorkPhoto: immediately(db, (number, photo, scope) =>
      change(number, scope, (order) => {
        if (order.photos.some(({ sha256 }) => sha256 === photo.sha256)) return order
        return order.photos.length >= workPhotosMax
          ? undefined
          : { ...order, photos: [...order.photos, photo] }
      }),
    ),
    dropWorkOrder: immediately(db, (number, by, why, atMs, scope) =>
      change(number, scope, (order) => ({
        ...order,
        visits: [...order.visits, { atMs, by, text: why, isDone: false }],
        state: 'dropped',
      })),
    ),
  }
}

export function createFleetReader(db: Sqlite): FleetReaderCalls {
  const health = db.prepare<[], { box: string; atMs: number; body: string }>(
    'SELECT box, at_ms AS atMs, body FROM box_vitals',
  )
  const copy = db.prepare<[string], StoredCopy>(
    'SELECT box, at_ms AS atMs, body FROM box_copies WHERE box = ?',
  )
  const times = db.prepare<[], { box: string; atMs: number }>('SELECT box, at_ms AS atMs FROM box_copies')
  const one = db.prepare<[number], WorkRow>(`${columns} WHERE number = ?`)
  const page = db.prepare<[number, ...(string | null)[], number], WorkRow>(
    `${columns} WHERE number < ? AND (? = 'all' OR state = ?) AND (? IS NULL OR box = ?)
     AND ${inScopeSql('box')} ORDER BY number DESC LIMIT ?`,
  )
  return {
    storedVitals: () =>
      health.all().flatMap(({ box, atMs, body }) => {
        const vitals = readDocument(db, 'box_vitals', box, body)
        return vitals ? [{ box, atMs, vitals }] : []
      }),
    boxCopy: (box) => copy.get(box),
    copyTimes: () => times.all(),
    workOrder: (number, scope) => {
      const row = one.get(number)
      const order = row && orderOf(db, row)
      return order && isInScope(scope, order.box) ? order : undefined
    },
    workOrders: ({ state, box = null, scope, before = Number.MAX_SAFE_INTEGER, limit }) => {
      const column = scopeColumn(scope)
      const rows = page.all(before, state, state, box, box, column, column, limit + 1)
      const shown = rows.slice(0, limit)
      const last = shown.at(-1)
      return {
        work: shown.flatMap((row) => orderOf(db, row) ?? []),
        ...(rows.length > limit && last ? { next: last.number } : {}),
      }
    },
  }
}
