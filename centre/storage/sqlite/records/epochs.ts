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

  const known = (box: string, epoch: string): number | undefined =>
    numbers.get(`${box}/${epoch}`) ?? select.get(box, epoch)?.number

  return {
    known,
    /** Creates new epochs and boxes inside the caller's transaction. */
    numberOf: (box: string, epoch: string): number => {
      const number = known(box, epoch)
      if (number !== undefined) return number
      insertBox.run(box, box)
      return Number(insert.run(box, epoch).lastInsertRowid)
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
