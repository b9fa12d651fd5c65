// Is a receipted record lost, or stored twice, when the centre is killed repeatedly under load? And do a stranger's
// giant frame, a box that does not read, and a foreign database file have no effect?
import { spawn, type ChildProcess } from 'node:child_process'
import { truncateSync, writeFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { brokenOf, runEvening } from './town/centre-evening.ts'
import {
  dropFolder,
  makeEvent,
  makeFolder,
  startCentre,
  TestBox,
  until,
} from '../contract/centre/centre-parts.ts'
import { builtCommand } from '../kits/system/require-build.ts'

let folder: string
const children: ChildProcess[] = []

beforeEach(() => {
  folder = makeFolder()
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  dropFolder(folder)
})

const configOf = (dataDir: string) =>
  JSON.stringify({
    dataDir,
    http: { host: '127.0.0.1', port: 0 },
    uplink: { listeners: [{ host: '127.0.0.1', port: 0 }], anonymous: true },
  })

async function spawnCentre(): Promise<{ child: ChildProcess; uplink: string; log: () => string }> {
  const config = join(folder, 'centre.yaml')
  writeFileSync(config, configOf(join(folder, 'data')))
  const program = builtCommand()
  const child = spawn(process.execPath, [program, 'centre', '--config', config])
  children.push(child)
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const uplink = await until(() => {
    if (child.exitCode !== null) throw new Error(text)
    return /"uplink":\["([^"]+)"/.exec(text)?.[1]
  })
  return { child, uplink, log: () => text }
}

test(
  'keeps every receipted record and every answered step once through kills, and each deadline fires once',
  { timeout: 180_000 },
  async () => {
    const result = await runEvening({ folder, seed: 7, kills: 6, stepsPerKill: 12 })
    expect(brokenOf(result)).toEqual([])
    expect(result.answeredSteps).toBeGreaterThan(20)
    expect(result.receipted).toBeGreaterThan(200)
    expect(result.deadlines).toBeGreaterThan(3)
  },
)

test('refuses a stranger by the header of a giant frame', async () => {
  const running = await startCentre(folder)
  try {
    const { port } = new URL(running.centre.uplinkUrls[0]?.replace('mqtt', 'http') ?? '')
    const socket = connectTcp(Number(port), '127.0.0.1')
    socket.on('error', () => {})
    socket.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]))
    await new Promise((resolve) => socket.once('close', resolve))
    const refused = await running.centre.registry.getSingleMetricAsString(
      'gengfu_centre_uplink_refused_total',
    )
    expect(refused).toContain('reason="frame-too-large"} 1')
  } finally {
    await running.centre.stop()
  }
})

test('serves other boxes while one reads nothing', async () => {
  const running = await startCentre(folder)
  try {
    const frozen = await new TestBox(running.centre.uplinkUrls[0] ?? '', 'box-frozen').ready()
    ;(frozen.client.stream as unknown as { pause(): void }).pause()
    const other = await new TestBox(running.centre.uplinkUrls[0] ?? '', 'box-b').ready()
    for (let i = 0; i < 200; i++) {
      frozen.report('routine', 2 * i + 1, [makeEvent(2 * i + 1)]).catch(() => {})
      await other.report('routine', i + 1, [makeEvent(i + 1)])
    }
    const last = await until(() => other.receipts.find(({ lanes }) => lanes.routine?.storedTo === 200))
    expect(last.lanes.routine?.missing).toEqual([])
    expect(frozen.receipts.length).toBeLessThan(10)
    await Promise.all([frozen.end(), other.end()])
  } finally {
    await running.centre.stop()
  }
})

test('refuses a newer file, a damaged file and a second centre, each in words', async () => {
  const running = await startCentre(folder)
  await expect(startCentre(folder)).rejects.toThrow(`process ${process.pid}`)
  await running.centre.stop()
  const file = join(folder, 'centre.db')
  const db = new Database(file)
  db.pragma('user_version = 999')
  db.close()
  await expect(startCentre(folder)).rejects.toThrow(/newer program.*update/)
  writeFileSync(file, Buffer.alloc(8192, 7))
  await expect(startCentre(folder)).rejects.toThrow(/damaged.*backup/)
})

test(
  'opens a file whose log was torn by a power cut, with all commits before the tear',
  { timeout: 60_000 },
  async () => {
    const { child, uplink } = await spawnCentre()
    const box = await new TestBox(uplink, 'box-a').ready()
    await box.report('routine', 1, [makeEvent(1), makeEvent(2)])
    await until(() => box.receipts[0])
    const exited = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await exited
    await box.end()
    const wal = join(folder, 'data', 'centre.db-wal')
    writeFileSync(wal, Buffer.from('a torn frame, half written'), { flag: 'a' })
    const running = await startCentre(join(folder, 'data'))
    const events = await running.get('/api/v1/events', running.token())
    expect(((await events.json()) as { events: unknown[] }).events).toHaveLength(2)
    await running.centre.stop()
    // The twin: an emptied file proves that the records were read from disk.
    truncateSync(join(folder, 'data', 'centre.db'), 0)
    const emptied = await startCentre(join(folder, 'data'))
    const none = await emptied.get('/api/v1/events', emptied.token())
    expect(await none.json()).toMatchObject({ events: [] })
    await emptied.centre.stop()
  },
)
