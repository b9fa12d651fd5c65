// The numbers of epochs: the order in which the centre first received each journal of each box.
import { isPostgres, type Sqlite } from '../database.ts'

export function createEpochs(db: Sqlite) {
  const insert = db.prepare('INSERT INTO epochs (box, epoch) VALUES (?, ?)')
  const select = db.prepare<[string, string], { number: number }>(
    'SELECT number FROM epochs WHERE box = ? AND epoch = ?',
  )
  const insertBox = db.prepare('INSERT INTO boxes (id, name) VALUES (?, ?) ON CONFLICT DO NOTHING')
  const all = db.prepare<[], { number: number; box: string; epoch: string }>(
    'SELECT number, box, epoch FROM epochs ORDER BY number',
  )
  const numbers = new Map<string, number>()

  /** Of one transaction over PostgreSQL: all epochs of its boxes, read at once. */
  let loaded: { boxes: ReadonlySet<string>; numbers: Map<string, number> } | undefined
  const ofBoxes = db.prepare<[string], { number: number; box: string; epoch: string }>(
    'SELECT number, box, epoch FROM epochs WHERE box IN (SELECT value FROM json_each(?))',
  )

  const known = (box: string, epoch: string): number | undefined => {
    if (loaded?.boxes.has(box)) return loaded.numbers.get(`${box}/${epoch}`)
    return numbers.get(`${box}/${epoch}`) ?? select.get(box, epoch)?.number
  }

  return {
    known,
    /** Until `unload`: a box named here is not asked for one by one. */
    load: (boxes: readonly string[]): void => {
      const rows = ofBoxes.all(JSON.stringify(boxes))
      const found = rows.map(({ number, box, epoch }) => [`${box}/${epoch}`, number] as const)
      loaded = { boxes: new Set(boxes), numbers: new Map(found) }
    },
    unload: (): void => {
      loaded = undefined
    },
    /** Creates new epochs and boxes inside the caller's transaction. */
    numberOf: (box: string, epoch: string): number => {
      const number = known(box, epoch)
      if (number !== undefined) return number
      insertBox.run(box, box)
      const made = Number(insert.run(box, epoch).lastInsertRowid)
      loaded?.numbers.set(`${box}/${epoch}`, made)
      return made
    },
    /** Its transaction is on disk. */
    remember: (box: string, epoch: string): void => {
      if (isPostgres(db)) return
      const number = numbers.has(`${box}/${epoch}`) ? undefined : select.get(box, epoch)?.number
      if (number !== undefined) numbers.set(`${box}/${epoch}`, number)
    },
    rememberAll: (): { box: string; epoch: string }[] => {
      const rows = all.all()
      // After a failover of PostgreSQL to a standby that had not everything, a number may be gone: there it is asked for each time.
      if (!isPostgres(db)) for (const { number, box, epoch } of rows) numbers.set(`${box}/${epoch}`, number)
      return rows.map(({ box, epoch }) => ({ box, epoch }))
    },
  }
}
