// Question: does a backup made while the centre takes records contain everything committed before it, does the drill
// detect one changed byte of any part, and does a restored centre continue where the backup ended?
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync, existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  backupsIn,
  databaseName,
  manifestName,
  readManifest,
} from '../../../centre/storage/backup/backup-folder.ts'
import { makeBackup } from '../../../centre/storage/backup/make-backup.ts'
import { proveBackup } from '../../../centre/storage/backup/prove-backup.ts'
import { restoreBackup } from '../../../centre/storage/backup/restore-backup.ts'
import {
  dropFolder,
  makeAlarm,
  makeEvent,
  makeFolder,
  startCentre,
  TestBox,
  until,
  type CentreUnderTest,
} from './centre-parts.ts'

const box = '320612104201-1'
const nowMs = Date.UTC(2026, 10, 30, 6)
const picture = Buffer.from('a picture that a box sent')
const pictureName = `${createHash('sha256').update(picture).digest('hex')}.jpg`

let folder: string
let to: string
let running: CentreUnderTest

const backup = (atMs: number, keep = 14) =>
  makeBackup({ file: join(folder, databaseName), dataDir: folder, to, keep, nowMs: atMs })

beforeAll(async () => {
  folder = makeFolder()
  to = makeFolder()
  running = await startCentre(folder)
  const sender = new TestBox(running.centre.uplinkUrls[0] ?? '', box)
  await sender.ready()
  await sender.report('red', 1, [makeAlarm(1, 'raised')])
  await sender.report('routine', 1, [2, 3, 4].map(makeEvent))
  await until(() => sender.receipts.some((receipt) => receipt.lanes.routine?.storedTo === 3))
  await sender.end()
  const id = encodeURIComponent(`${box}.sos-1`)
  const accepted = await running.post(`/api/v1/alarms/${id}/accept`, running.token())
  if (!accepted.ok) throw new Error(`accept answered ${accepted.status}`)
  mkdirSync(join(folder, 'pictures', box), { recursive: true })
  writeFileSync(join(folder, 'pictures', box, pictureName), picture)
})
afterAll(async () => {
  await running.centre.stop()
  dropFolder(folder)
  dropFolder(to)
})

describe('a backup beside a running centre', () => {
  it('holds records, alarms, trail and pictures, and proves good', async () => {
    const { manifest, copiedPictures } = await backup(nowMs)
    expect(manifest.rows).toMatchObject({ records: 4, alarms: 1, cases: 1 })
    expect(manifest.rows['trail']).toBeGreaterThan(0)
    expect(copiedPictures).toBe(1)
    const proof = await proveBackup({ backup: join(to, backupsIn(to)[0] ?? ''), nowMs })
    expect(proof.lines.filter((line) => !line.isGood)).toEqual([])
  })

  it('whose disk another person can write to proves bad, and is read to an end: links, devices and pipes', async () => {
    const { folder: made } = await backup(nowMs + 1000)
    const shared = join(to, 'pictures', box, pictureName)
    const isGood = async () => (await proveBackup({ backup: made, nowMs })).isGood
    expect(await isGood()).toBe(true)
    for (const file of [join(made, databaseName), join(made, manifestName), shared]) {
      renameSync(file, `${file}.away`)
      for (const [make, target] of [
        ['ln', `${file}.away`],
        ['ln', '/dev/zero'],
        ['mkfifo', ''],
      ] as const) {
        execFileSync(make, make === 'ln' ? ['-s', target, file] : [file])
        expect([file, target, await isGood()]).toEqual([file, target, false])
        rmSync(file)
      }
      renameSync(`${file}.away`, file)
    }
    expect(await isGood()).toBe(true)
    rmSync(made, { recursive: true })
  })

  it('leaves out unfinished backups, keeps the requested number, and a picture as long as a backup names it', async () => {
    mkdirSync(join(to, 'centre-20260101T000000Z.unfinished'))
    for (const hour of [1, 2]) await backup(nowMs + hour * 3_600_000, 2)
    expect(backupsIn(to)).toEqual(['centre-20261130T070000Z', 'centre-20261130T080000Z'])
    expect(readdirSync(to).some((name) => name.endsWith('.unfinished'))).toBe(false)
    expect(readdirSync(join(to, 'pictures', box))).toEqual([pictureName])
  })

  it.each([
    ['the database', (dir: string) => join(dir, databaseName)],
    ['a picture', () => join(to, 'pictures', box, pictureName)],
    ['the manifest', (dir: string) => join(dir, manifestName)],
  ])('the drill notices one changed byte in %s', async (_name, fileOf) => {
    const dir = join(to, backupsIn(to)[0] ?? '')
    const file = fileOf(dir)
    const bytes = readFileSync(file)
    // The end of the manifest lists pictures, so a changed letter there is the name of a missing file.
    const at = Math.floor(bytes.length * 0.5)
    rmSync(file)
    writeFileSync(
      file,
      Buffer.concat([bytes.subarray(0, at), Buffer.from([(bytes[at] ?? 0) ^ 1]), bytes.subarray(at + 1)]),
    )
    const { isGood } = await proveBackup({ backup: dir, nowMs })
    rmSync(file)
    writeFileSync(file, bytes)
    expect(isGood).toBe(false)
    expect((await proveBackup({ backup: dir, nowMs })).isGood).toBe(true)
  })
})

it('a restored centre has what the backup had, moves the database of before aside, and takes new records', async () => {
  const made = await backup(nowMs + 10 * 3_600_000)
  const elsewhere = makeFolder()
  try {
    const file = join(elsewhere, databaseName)
    writeFileSync(file, 'another database')
    const restored = await restoreBackup({ backup: made.folder, file, dataDir: elsewhere, nowMs })
    expect(readFileSync(restored.movedTo ?? '', 'utf8')).toBe('another database')
    expect(existsSync(join(elsewhere, 'pictures', box, pictureName))).toBe(true)
    const again = await startCentre(elsewhere)
    const alarms = (await (await again.get('/api/v1/alarms', again.token())).json()) as {
      alarms: { stage: string }[]
    }
    expect(alarms.alarms.map(({ stage }) => stage)).toEqual(['accepted'])
    const sender = new TestBox(again.centre.uplinkUrls[0] ?? '', box)
    await sender.ready()
    await sender.report('routine', 4, [makeEvent(5)])
    await until(() => sender.receipts.some((receipt) => receipt.lanes.routine?.storedTo === 4))
    await sender.end()
    await again.centre.stop()
  } finally {
    dropFolder(elsewhere)
  }
  expect(readManifest(made.folder)?.rows['records']).toBe(4)
})
