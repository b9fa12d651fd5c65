// A naive event store as a separate process: one table with an index, SQLite's defaults, one commit per event.
import { join } from 'node:path'
import Database from 'better-sqlite3'

const [folder = '..', mode = 'delete', perSecondText = '8'] = process.argv.slice(2)
const perSecond = Number(perSecondText)
const db = new Database(join(folder, `naive-${mode}.db`))
db.pragma(`journal_mode = ${mode}`)
db.pragma('synchronous = FULL')
db.exec(
  'CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT, at INTEGER, body TEXT, sent INTEGER DEFAULT 0);' +
    'CREATE INDEX events_by_device ON events (device, at)',
)
const insert = db.prepare('INSERT INTO events (device, at, body) VALUES (?, ?, ?)')
let stored = 0

function next(): void {
  const device = `bench-${Math.floor(Math.random() * 500)}`
  const body = `{"id":"1-${++stored}","temperatureC":21.5,"batteryPercent":87,"signalDbm":-61}`
  insert.run(device, Date.now(), body)
  setTimeout(next, (-Math.log(1 - Math.random()) / perSecond) * 1000)
}

next()
process.on('message', () => process.send?.(stored))
process.on('disconnect', () => process.exit(0))
