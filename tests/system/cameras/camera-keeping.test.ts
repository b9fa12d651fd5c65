// Are pictures stored as promised: masked, within quota and term, every look logged, and no credential anywhere?
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  SimulatedCamera,
  type SimulatedCameraOptions,
} from '../../../firmware-sim/camera/simulated-camera.ts'
import { CertificatePins } from '../../../gateway/cameras/secrets/certificate-pins.ts'
import { openCredentialStore } from '../../../gateway/cameras/secrets/credential-store.ts'
import type { FinishedFile } from '../../../gateway/cameras/pictures/picture-processor.ts'
import {
  PictureStore,
  type Deleted,
  type StoredSnapshot,
} from '../../../gateway/cameras/pictures/picture-store.ts'
import type { ClockQuality } from '../../../protocols/domain/event.ts'
import { parseJpeg } from '../../../platform/jpeg/parse-jpeg.ts'
import { descendantsOf } from '../../faults/process-traces.ts'
import { openCameraBench, redAlarm, until, type CameraBench } from '../../kits/system/camera-bench.ts'

const stops: (() => Promise<void>)[] = []
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gengfu-keep-'))
})
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
  await rm(folder, { recursive: true, force: true })
})

const dayMs = 86_400_000
const deleted: Deleted[] = []

async function openStore(
  options: { totalBytesMax?: number; cameraBytesMax?: number } = {},
): Promise<PictureStore> {
  deleted.length = 0
  const store = new PictureStore({
    folder,
    log: pino({ level: 'silent' }),
    totalBytesMax: options.totalBytesMax ?? 1_000_000,
    cameraBytesMax: () => options.cameraBytesMax ?? 1_000_000,
    termMs: 30 * dayMs,
    onDeleted: (one) => void deleted.push(one),
  })
  await store.open()
  return store
}

function file(text: string, size = 100): FinishedFile {
  const bytes = Buffer.alloc(size, text)
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex'), width: 8, height: 8 }
}

let count = 0
async function put(
  store: PictureStore,
  change: Partial<Omit<StoredSnapshot, 'full'>> & {
    atMs?: number
    clock?: ClockQuality
    full?: FinishedFile
  } = {},
): Promise<StoredSnapshot> {
  const full = change.full ?? file(`full ${++count}`)
  const preview = file('preview', 10)
  const pictureFile = ({ sha256, bytes, width, height }: FinishedFile) => ({
    sha256,
    bytes: bytes.length,
    width,
    height,
  })
  const snapshot: StoredSnapshot = {
    id: `${(++count).toString(16).padStart(12, '0')}`,
    camera: change.camera ?? 'cam-1',
    zone: 'bridge',
    moment: 'at-once',
    ...(change.alarm === undefined ? {} : { alarm: change.alarm }),
    fetchedAt: { boot: 1, sinceBootMs: count, atMs: change.atMs ?? 0, clock: change.clock ?? 'synced' },
    full: pictureFile(full),
    preview: pictureFile(preview),
    source: 'http',
    isMasked: false,
    picture: 'good',
    answerMs: 1,
    readyMs: 1,
    isHeld: change.isHeld ?? false,
  }
  await store.put([snapshot], full, preview)
  return snapshot
}

const filesOnDisk = async (): Promise<string[]> =>
  (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.jpg'))

describe('the store', () => {
  it('deletes what is past its term from the disk, and keeps an open alarm until it is closed', async () => {
    const store = await openStore()
    const old = await put(store, { atMs: 0 })
    const held = await put(store, { atMs: 0, alarm: 'a-1', isHeld: true })
    await put(store, { atMs: 20 * dayMs })
    await store.sweep(31 * dayMs)
    expect(deleted).toMatchObject([{ snapshot: { id: old.id }, reason: 'term' }])
    expect((await filesOnDisk()).some((name) => name.includes(old.full.sha256))).toBe(false)
    await store.hold('a-1', false)
    await store.sweep(31 * dayMs)
    expect(deleted[1]).toMatchObject({ snapshot: { id: held.id }, reason: 'term' })
    // The preview, which all three share, is still there for the third.
    expect(await filesOnDisk()).toHaveLength(2)
  })

  it('ends no term because the clock steps from 1970 to today', async () => {
    const store = await openStore()
    await put(store, { atMs: 5000, clock: 'unsynced' })
    const todayMs = 20_000 * dayMs
    await store.sweep(todayMs)
    expect(store.list()).toMatchObject([{ fetchedAt: { atMs: todayMs, clock: 'repaired' } }])
    const again = await openStore()
    await again.sweep(todayMs + 31 * dayMs)
    expect(again.list()).toEqual([])
  })

  it('stays inside the quota of a camera and of all: oldest first, open alarms last', async () => {
    const store = await openStore({ cameraBytesMax: 350, totalBytesMax: 600 })
    const held = await put(store, { isHeld: true, alarm: 'a-1' })
    const second = await put(store)
    await put(store)
    await put(store)
    expect(deleted.map((one) => [one.snapshot.id, one.reason])).toEqual([[second.id, 'quota']])
    await put(store, { camera: 'cam-2' })
    await put(store, { camera: 'cam-2' })
    await put(store, { camera: 'cam-3' })
    expect(store.totalBytes).toBeLessThanOrEqual(600)
    expect(store.get(held.id)).toBeDefined()
    for (let i = 0; i < 8; i++) await put(store, { isHeld: true, alarm: 'a-2' })
    expect(store.totalBytes).toBeLessThanOrEqual(600)
  })

  it('keeps none of the snapshots of a picture when the disk does not take one of them', async () => {
    const store = await openStore()
    const before = await put(store)
    const [one, other] = [
      { ...before, id: '00000000000a' },
      { ...before, id: '00000000000b' },
    ]
    const filesBefore = await filesOnDisk()
    await mkdir(join(folder, 'index', `${other.id}.json`, 'in-the-way'), { recursive: true })
    const [full, preview] = [file('refused'), file('preview', 10)]
    await expect(store.put([one, other], full, preview)).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/)
    expect(store.list()).toEqual([before])
    expect((await readdir(join(folder, 'index'))).sort()).toEqual(
      [`${before.id}.json`, `${other.id}.json`].sort(),
    )
    // Neither the picture without a user, nor a part of it; the preview, which another snapshot shares, stays.
    expect((await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.new'))).toEqual([])
    expect(await filesOnDisk()).toEqual(filesBefore)
  })

  it('keeps equal pictures once on the disk, until the last snapshot of them goes', async () => {
    const store = await openStore()
    const same = file('same')
    const first = await put(store, { full: same })
    const second = await put(store, { full: same })
    expect(await filesOnDisk()).toHaveLength(2)
    await store.delete(first.id, 'asked')
    expect(await store.read(same.sha256)).toBeDefined()
    await store.delete(second.id, 'asked')
    expect(await filesOnDisk()).toEqual([])
  })

  it('takes the same picture from two cameras at once, while another snapshot of it is deleted', async () => {
    const store = await openStore()
    const same = file('same')
    const first = await put(store, { full: same })
    await Promise.all([
      store.delete(first.id, 'asked'),
      put(store, { full: same, camera: 'cam-2' }),
      put(store, { full: same, camera: 'cam-3' }),
    ])
    expect(store.list()).toHaveLength(2)
    expect(await store.read(same.sha256)).toHaveLength(100)
  })

  it('finds torn, damaged and stray files, deletes them and goes on', async () => {
    const store = await openStore()
    const torn = await put(store)
    const damaged = await put(store)
    const good = await put(store)
    const path = (sha256: string): string => join(folder, 'files', sha256.slice(0, 2), `${sha256}.jpg`)
    await truncate(path(torn.full.sha256), 0)
    await writeFile(path(damaged.full.sha256), Buffer.alloc(100, 'other'))
    await writeFile(join(folder, 'files', good.full.sha256.slice(0, 2), `${'0'.repeat(64)}.jpg`), 'stray')
    await writeFile(join(folder, 'index', 'junk.json'), '{')
    const again = await openStore()
    expect(again.list().map((one) => one.id)).toEqual([good.id, damaged.id])
    expect(await again.read(damaged.full.sha256)).toBeUndefined()
    expect(deleted).toMatchObject([{ snapshot: { id: damaged.id }, reason: 'damaged' }])
    expect(await again.read(good.full.sha256)).toHaveLength(100)
    expect(await filesOnDisk()).toHaveLength(2)
  })
})

describe('keys and passwords', () => {
  const damaged: string[] = []
  const onDamaged = (keptAs: string): void => void damaged.push(keptAs)
  const open = (): ReturnType<typeof openCredentialStore> =>
    openCredentialStore({
      onDamaged,
      file: join(folder, 'data', 'credentials.json'),
      keyFile: join(folder, 'camera.key'),
      dataDir: join(folder, 'data'),
    })

  it('survive a restart encrypted, with the key in a file of its own that only its owner reads', async () => {
    const store = await open()
    await store.set('cam-1', { user: 'admin', password: 'geheim-密码' })
    const text = await readFile(join(folder, 'data', 'credentials.json'), 'utf8')
    expect(text).not.toContain('geheim')
    expect(text).not.toContain('admin')
    expect((await stat(join(folder, 'camera.key'))).mode & 0o777).toBe(0o600)
    expect((await open()).get('cam-1')).toEqual({ user: 'admin', password: 'geheim-密码' })
  })

  it('do not open with another key, for another camera, or after a change', async () => {
    const store = await open()
    await store.set('cam-1', { user: 'admin', password: 'x' })
    const path = join(folder, 'data', 'credentials.json')
    const text = await readFile(path, 'utf8')
    await writeFile(path, text.replace('cam-1', 'cam-2'))
    const moved = await open()
    expect(() => moved.get('cam-2')).toThrow('authenticate')
    await writeFile(path, text)
    await writeFile(join(folder, 'camera.key'), randomBytes(32).toString('base64'))
    const other = await open()
    expect(() => other.get('cam-1')).toThrow('authenticate')
  })

  it('that a worn card has torn are put aside and set anew, and the box starts', async () => {
    await (await open()).set('cam-1', { user: 'admin', password: 'x' })
    const path = join(folder, 'data', 'credentials.json')
    const whole = await readFile(path, 'utf8')
    await writeFile(path, whole.slice(0, 40))
    const store = await open()
    expect(damaged).toEqual([`${path}.damaged`])
    expect(await readFile(`${path}.damaged`, 'utf8')).toBe(whole.slice(0, 40))
    expect(store.get('cam-1')).toBeUndefined()
    await store.set('cam-1', { user: 'admin', password: 'y' })
    expect((await open()).get('cam-1')).toEqual({ user: 'admin', password: 'y' })
  })

  it('and certificates that are torn are put aside too, and each camera is pinned anew', async () => {
    const file = join(folder, 'certificates.json')
    await writeFile(file, '{"cam-1":"AA:B')
    const pins = new CertificatePins({ file, log: pino({ level: 'silent' }), onPinned: () => undefined })
    await pins.load()
    expect(pins.for('cam-1').get()).toBeUndefined()
    expect(await readFile(`${file}.damaged`, 'utf8')).toBe('{"cam-1":"AA:B')
    pins.for('cam-1').set('AA:BB')
    await pins.settled()
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ 'cam-1': 'AA:BB' })
  })

  it('are refused when the key lies in the data folder or is readable by others', async () => {
    const inside = { file: join(folder, 'c.json'), keyFile: join(folder, 'k'), dataDir: folder, onDamaged }
    await expect(openCredentialStore(inside)).rejects.toMatchObject({ code: 'no-key' })
    await open()
    await chmod(join(folder, 'camera.key'), 0o644)
    await expect(open()).rejects.toMatchObject({ code: 'no-key' })
  })
})

async function startCamera(options: SimulatedCameraOptions = {}): Promise<SimulatedCamera> {
  const camera = new SimulatedCamera(options)
  await camera.start()
  stops.push(() => camera.stop())
  return camera
}

async function startBench(...parameters: Parameters<typeof openCameraBench>): Promise<CameraBench> {
  const bench = await openCameraBench(...parameters)
  stops.push(() => bench.stop())
  return bench
}

const settings = (
  camera: SimulatedCamera,
  change: Record<string, unknown> = {},
): Record<string, unknown> => ({
  id: 'cam-1',
  host: '127.0.0.1',
  port: camera.port,
  zone: 'bridge',
  ringSeconds: 0,
  healthSeconds: 3600,
  ...change,
})

describe('cameras', () => {
  it('write nothing unmasked to the disk, neither full nor preview nor from the ring', async () => {
    const camera = await startCamera()
    const everything = [
      [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 1],
      ],
    ]
    const bench = await startBench([settings(camera, { masks: everything, ringSeconds: 1 })])
    await until(() => (camera.asked.get('/snapshot.jpg') ?? 0) >= 2, 'a picture in the ring', 15_000)
    bench.cameras.onAlarm('raised', redAlarm('a-1', 'bridge'))
    await until(() => bench.snapshots.length === 4, 'four pictures', 15_000)
    const names = (await readdir(bench.dataDir, { recursive: true })).filter((name) => name.endsWith('.jpg'))
    expect(names.length).toBeGreaterThanOrEqual(1)
    for (const name of names) {
      const parsed = parseJpeg(await readFile(join(bench.dataDir, name)))
      if (!parsed.ok) throw new Error('stored file is no picture')
      const [luma] = parsed.value.components
      const dcs = (luma?.coefficients ?? []).filter((_, i) => i % 64 === 0)
      expect(Math.max(...dcs) * (luma?.quant[0] ?? 1)).toBeLessThan((40 - 128) * 8)
    }
    expect(bench.snapshots.every((one) => one.isMasked)).toBe(true)
  })

  it('are logged before every look, and not handed out when that fails', async () => {
    const camera = await startCamera()
    const bench = await startBench([settings(camera)])
    const taken = await bench.cameras.take('cam-1', 'li')
    if (!taken.ok) throw new Error(taken.reason.code)
    const look = { snapshot: taken.snapshot.id, size: 'preview', who: 'wang', via: 'console' } as const
    expect(await bench.cameras.look(look)).toHaveLength(taken.snapshot.preview.bytes)
    expect(await bench.cameras.look({ ...look, size: 'full' })).toHaveLength(taken.snapshot.full.bytes)
    const log = join(bench.dataDir, 'pictures', 'looks.jsonl')
    const lines = (await readFile(log, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)
    expect(lines).toMatchObject([
      { who: 'wang', size: 'preview', camera: 'cam-1', snapshot: taken.snapshot.id },
      { who: 'wang', size: 'full' },
    ])
    expect(bench.facts.filter((fact) => fact.what === 'snapshot-looked-at')).toHaveLength(2)
    await rm(log)
    await mkdir(log)
    await expect(bench.cameras.look(look)).rejects.toMatchObject({ code: 'EISDIR' })
  })

  it('erase a picture from the disk when asked, and say so', async () => {
    const camera = await startCamera()
    const bench = await startBench([settings(camera)])
    const taken = await bench.cameras.take('cam-1', 'li')
    if (!taken.ok) throw new Error(taken.reason.code)
    const { sha256 } = taken.snapshot.full
    const path = join(bench.dataDir, 'pictures', 'files', sha256.slice(0, 2), `${sha256}.jpg`)
    expect(existsSync(path)).toBe(true)
    expect(await bench.cameras.erase(taken.snapshot.id, 'li')).toBe(true)
    expect(existsSync(path)).toBe(false)
    expect(await bench.cameras.readFile(sha256, 0, 10)).toBeUndefined()
    expect(bench.facts.at(-1)).toMatchObject({ what: 'snapshot-deleted', facts: { reason: 'asked' } })
  })

  it('show no credential in any log, fact, event, metric, health, file or error, however they fail', async () => {
    const account = { user: 'operator-name-7391', password: 'Pässw0rd%7391:x' }
    const camera = await startCamera({ account, auth: 'digest' })
    const keyFile = join(folder, 'camera.key')
    const bench = await startBench([settings(camera, { events: true })], { pictures: { keyFile } })
    await bench.cameras.setCredentials('cam-1', account.user, account.password, 'li')
    const results: unknown[] = [await bench.cameras.take('cam-1', 'li')]
    expect(results[0]).toMatchObject({ ok: true })
    camera.knobs.hasNoSnapshot = true
    // Also the way through ffmpeg, in success and failure.
    await camera.stop()
    const second = await startCamera({ account, auth: 'digest', port: 0 })
    second.knobs.hasNoSnapshot = true
    const streamed = await startBench([settings(second)], {
      pictures: { keyFile: join(folder, 'second.key') },
    })
    await streamed.cameras.setCredentials('cam-1', account.user, account.password, 'li')
    const pending = streamed.cameras.take('cam-1', 'li')
    let commandLines: string[] = []
    await until(() => (commandLines = ffmpegCommandLines()).length > 0, 'ffmpeg running', 40_000)
    results.push(await pending)
    expect(results[1]).toMatchObject({ ok: true, snapshot: { source: 'rtsp' } })
    second.knobs.hasWrongAuth = true
    results.push(await streamed.cameras.take('cam-1', 'li'), await bench.cameras.take('cam-1', 'li'))
    const shown = [bench, streamed].map((one) => [
      one.log,
      one.facts,
      one.boxFacts,
      one.events,
      one.cameras.health(),
    ])
    const metrics = await Promise.all([bench, streamed].map((one) => one.registry.metrics()))
    const files = await Promise.all([bench.dataDir, streamed.dataDir].map(allFilesOf))
    const all = JSON.stringify([results, shown, metrics, commandLines]) + files.join('')
    const digest = createHash('md5').update(`${account.user}:`).digest('hex')
    for (const secret of ['7391', encodeURIComponent(account.password), 'ssw0rd', digest, 'response=']) {
      expect(all.includes(secret)).toBe(false)
    }
    // The twin: the same search finds a planted value.
    expect(all.includes('cam-1')).toBe(true)
    expect(commandLines.join('')).toContain('concat')
  }, 90_000)
})

function ffmpegCommandLines(): string[] {
  return descendantsOf(process.pid).flatMap((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      return line.includes('concat') ? [line] : []
    } catch {
      // Ended while we looked.
      return []
    }
  })
}

async function allFilesOf(path: string): Promise<string> {
  const names = await readdir(path, { recursive: true, withFileTypes: true })
  const texts = names
    .filter((one) => one.isFile())
    .map((one) => readFile(join(one.parentPath, one.name), 'latin1'))
  return (await Promise.all(texts)).join('\n')
}
