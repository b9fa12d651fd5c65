// Daily reports: one a box and day. The first that comes is kept, since a box that starts again in the evening reports again.
import { dailyReportSchema } from '../../../../protocols/uplink/daily-report.ts'
import { villageOf } from '../../../../protocols/domain/names.ts'
import type { LogRecord } from '../../../../protocols/domain/record.ts'
import type { DailyEntry } from '../../../../protocols/desk/daily.ts'
import { isInScope } from '../../../../protocols/desk/scope.ts'
import type { TrailEntry } from '../../../cases/trail.ts'
import type { VillageReaderCalls, VillageWriterCalls } from '../../village-port.ts'
import { immediately, type Sqlite } from '../database.ts'
import { readDocument } from '../documents.ts'

interface Stored {
  day: string
  box: string
  body: string
}

export function createDailyWriter(db: Sqlite, seal: (entry: TrailEntry) => void) {
  const select = db.prepare<[string, string], Stored>(
    'SELECT day, box, body FROM daily_reports WHERE day = ? AND box = ?',
  )
  const put = db.prepare(`INSERT INTO daily_reports (day, box, body) VALUES (?, ?, ?)
     ON CONFLICT (day, box) DO UPDATE SET body = excluded.body`)
  const find = (day: string, box: string): DailyEntry | undefined => {
    const row = select.get(day, box)
    return row && readDocument(db, 'daily_reports', `${day} ${box}`, row.body)
  }
  const keep = (entry: DailyEntry): DailyEntry => {
    put.run(entry.day, entry.box, JSON.stringify(entry))
    return entry
  }
  return {
    /** Inside the commit that stores the record. */
    file: (box: string, record: LogRecord, atMs: number): void => {
      const parsed = dailyReportSchema.safeParse(record.facts)
      if (!parsed.success) return
      const { day, devices, openAlarms } = parsed.data
      const known = find(day, box)
      if (known?.filedAtMs !== undefined) return
      const report = { filedAtMs: atMs, devices, ...(openAlarms === undefined ? {} : { openAlarms }) }
      keep({ box, village: villageOf(box), day, ...known, ...report })
    },
    signDaily: immediately(
      db,
      (box: string, day: string, who: string, text: string, wallMs: number): DailyEntry => {
        const atMs = Math.round(wallMs)
        const known = find(day, box)
        seal({ alarm: `box ${box}`, atMs, who, what: 'daily-signed', why: `${day} ${text}`.trim() })
        return keep({ box, village: villageOf(box), day, ...known, signedBy: who, signedAtMs: atMs, text })
      },
    ),
  } satisfies Pick<VillageWriterCalls, 'signDaily'> & Record<string, unknown>
}

export function createDailyReader(db: Sqlite): Pick<VillageReaderCalls, 'dailyReports'> {
  const between = db.prepare<[string, string], Stored>(
    'SELECT day, box, body FROM daily_reports WHERE day >= ? AND day <= ? ORDER BY day, box',
  )
  return {
    dailyReports: ({ from, to, scope, limit }) => {
      const found: DailyEntry[] = []
      for (const { day, box, body } of between.iterate(from, to)) {
        if (!isInScope(scope, box)) continue
        const entry = readDocument(db, 'daily_reports', `${day} ${box}`, body)
        if (entry) found.push(entry)
        if (found.length >= limit) break
      }
      return found
    },
  }
}
