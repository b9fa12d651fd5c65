// A short life of a village that creates every kind of table, document and file in a box's data folder, copied as a
// killed process leaves it; and the content of an untouched copy.
import { createHash } from 'node:crypto'
import { cpSync, lstatSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { pino } from 'pino'
import { CertificatePins } from '../../../gateway/cameras/secrets/certificate-pins.ts'
import { openCredentialStore } from '../../../gateway/cameras/secrets/credential-store.ts'
import { LookLog } from '../../../gateway/cameras/pictures/look-log.ts'
import { PictureStore } from '../../../gateway/cameras/pictures/picture-store.ts'
import type { Journal } from '../../../gateway/journal/port.ts'
import { lanes } from '../../../protocols/domain/colour.ts'
import { sendEvents, startBox, type BoxInProcess } from '../../kits/system/box-in-process.ts'

/** This many of the routine lane have a Receipt: the copy may delete them. */
const receiptedRoutine = 20

const devices = [
  { id: 'button-1', kind: 'button', zone: 'home', emergency: 'medical' },
  { id: 'door-1', kind: 'door', zone: 'shop', isEntry: true },
  { id: 'motion-1', kind: 'motion', zone: 'shop' },
  { id: 'smoke-1', kind: 'smoke', zone: 'home' },
  {
    id: 'gauge-1',
    kind: 'water',
    zone: 'creek',
    water: { nearWarningMm: 2200, warningMm: 2600, guaranteeMm: 3000 },
  },
  { id: 'siren-1', kind: 'siren', zone: 'home' },
  { id: 'z2m-leak', kind: 'leak', zone: 'home', via: 'z2m', address: '0x00158d0001a2b3c4' },
]
const boxConfig = {
  zones: [
    { id: 'home', grade: 'key' },
    { id: 'shop', armed: true, entryDelayS: 30, exitDelayS: 0 },
    { id: 'creek' },
  ],
  devices,
  bridges: [{ id: 'z2m', dialect: 'zigbee2mqtt' }],
  rules: [{ id: 'wet', when: { kinds: ['water'] }, device: 'siren-1', do: 'siren', secondsMax: 300 }],
}

export interface BoxWithJournal extends BoxInProcess {
  journal: Journal
}

/** `withCameras`: one absent camera, with its process; takes a second. */
export async function startVillage(folder: string, withCameras: boolean): Promise<BoxWithJournal> {
  let journal: Journal | undefined
  const cameras = {
    cameras: [{ id: 'camera-1', zone: 'shop', host: '127.0.0.1', port: 1 }],
    pictures: { keyFile: join(folder, 'camera.key') },
  }
  const box = await startBox(
    folder,
    { ...boxConfig, ...(withCameras ? cameras : {}) },
    { wrapJournal: (real) => (journal = real) },
  )
  if (!journal) throw new Error('a gateway without a journal')
  return { ...box, journal }
}

const counted = (count: number, readings: (at: number) => object, boot = 1): object[] =>
  Array.from({ length: count }, (_, at) => ({ id: `${boot}-${at + 1}`, ...readings(at) }))

/** Fills `base` with the data folder of a box in the middle of its work. */
export async function liveInVillage(base: string): Promise<void> {
  const folder = join(base, 'live')
  mkdirSync(folder, { recursive: true })
  // The first run ends normally and leaves a checkpoint and sealed files; the second one is killed.
  for (const boot of [1, 2]) {
    const { gateway, mqttUrl, journal } = await startVillage(folder, false)
    const send = (device: string, events: object[]): Promise<void> => sendEvents(mqttUrl, device, events)
    await Promise.all([
      send('button-1', [
        ...counted(3, () => ({ button: 'pressed' }), boot),
        { id: `odd-${boot}`, button: 'pressed' },
      ]),
      send(
        'door-1',
        counted(40, (at) => ({ contact: at % 2 ? 'closed' : 'open', batteryPercent: 80 }), boot),
      ),
      send(
        'motion-1',
        counted(5, () => ({ motion: true }), boot),
      ),
      send(
        'smoke-1',
        counted(2, (at) => ({ smoke: at === 0 }), boot),
      ),
      send(
        'gauge-1',
        counted(8, (at) => ({ waterLevelMm: 2000 + at * 150 }), boot),
      ),
      send(
        'stranger-1',
        counted(10, (at) => ({ temperatureC: at }), boot),
      ),
      send('stranger-2', [{ id: '1-1', nothing: '{' }]),
    ])
    await tellAsBridge(mqttUrl, boot)
    journal.settle('routine', receiptedRoutine)
    if (boot === 1) await gateway.stop()
    else {
      // Without the socket that a killed box leaves behind.
      const filter = (from: string): boolean => !lstatSync(from).isSocket()
      cpSync(join(folder, 'box'), join(base, 'box'), { recursive: true, filter })
      await gateway.stop()
    }
  }
  rmSync(folder, { recursive: true })
  await addFiles(base)
}

async function tellAsBridge(url: string, boot: number): Promise<void> {
  const client = await connectAsync(url, { clientId: 'z2m', protocolVersion: 4, reconnectPeriod: 0 })
  const tell = (topic: string, content: unknown): Promise<unknown> =>
    client.publishAsync(`zigbee2mqtt/${topic}`, JSON.stringify(content), { qos: 1 })
  const leak = {
    ieee_address: '0x00158d0001a2b3c4',
    friendly_name: 'cellar',
    type: 'EndDevice',
    supported: true,
    interview_completed: true,
    definition: {
      model: 'SJCGQ11LM',
      vendor: 'Aqara',
      exposes: [{ type: 'binary', property: 'water_leak' }],
    },
  }
  await tell('bridge/devices', [leak])
  await tell('cellar', { water_leak: boot === 2, battery: 90 + boot, linkquality: 100 })
  await client.endAsync()
}

async function addFiles(base: string): Promise<void> {
  const dataDir = join(base, 'box')
  const log = pino({ level: 'silent' })
  const onDamaged = (): void => undefined
  const credentials = await openCredentialStore({
    file: join(dataDir, 'cameras', 'credentials.json'),
    keyFile: join(base, 'camera.key'),
    dataDir,
    onDamaged,
  })
  await credentials.set('camera-1', { user: 'admin', password: 'secret' })
  const pins = new CertificatePins({
    file: join(dataDir, 'cameras', 'certificates.json'),
    log,
    onPinned: () => undefined,
  })
  pins.for('camera-1').set('AB'.repeat(32))
  await pins.settled()
  const pictures = new PictureStore({
    folder: join(dataDir, 'pictures'),
    log,
    totalBytesMax: 1e9,
    cameraBytesMax: () => 1e9,
    termMs: 1e9,
    onDeleted: () => undefined,
  })
  await pictures.open()
  const bytes = Buffer.alloc(3000, 7)
  const file = { bytes, sha256: createHash('sha256').update(bytes).digest('hex'), width: 64, height: 48 }
  const facts = { sha256: file.sha256, bytes: bytes.length, width: 64, height: 48 }
  const fetchedAt = { boot: 1, sinceBootMs: 5000, atMs: 1_764_000_000_000, clock: 'synced' } as const
  const taken = {
    camera: 'camera-1',
    zone: 'shop',
    moment: 'on-demand',
    isMasked: false,
    picture: 'good',
  } as const
  await pictures.put(
    [{ id: 'a1b2c3d4', ...taken, fetchedAt, full: facts, preview: facts, isHeld: false } as never],
    file,
    file,
  )
  const look = { atMs: 1, who: 'li', via: 'console', snapshot: 'a1b2c3d4', camera: 'camera-1', size: 'full' }
  await new LookLog(join(dataDir, 'pictures')).append(look as never)
  const change = { set: { zones: [{ id: 'home' }, { id: 'shop' }, { id: 'creek' }] }, command: 'c-1' }
  writeFileSync(join(dataDir, 'centre-config.json'), JSON.stringify(change))
  writeFileSync(join(dataDir, 'centre-config.trial.json'), JSON.stringify({ ...change, starts: 1 }))
  // Small, as it is copied for each damage.
  writeFileSync(join(dataDir, 'reserve.bin'), Buffer.alloc(4096))
}

/** Every file of the data folder, as paths inside it. */
export function filesOf(dataDir: string): string[] {
  return readdirSync(dataDir, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(dataDir, name)).isFile())
    .toSorted()
}

/** Sequences of every record without a Receipt, in their first epoch. */
export async function recordsOf(journal: Journal): Promise<Set<string>> {
  const all = new Set<string>()
  for (const lane of lanes)
    for (const { number, body } of await journal.read(lane, 0, { recordsMax: 10_000, bytesMax: 1e8 })) {
      if (lane === 'routine' && number <= receiptedRoutine && !journal.facts().salvaged) continue
      const { sequence, was } = JSON.parse(body) as {
        sequence: number
        was?: { epoch: string; sequence: number }
      }
      all.add(was ? `${was.epoch} ${was.sequence}` : `${journal.epoch} ${sequence}`)
    }
  return all
}

export async function alarmsOf(journal: Journal): Promise<Set<string>> {
  const rows = await journal.loadState('judge:alarm:')
  return new Set(rows.map(([key]) => key))
}
