// Does the box remember which of its pictures the centre has, and does it send the record again to a centre that lacks
// it?
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  PictureStore,
  unreachedOf,
  type Deleted,
  type StoredSnapshot,
} from '../../../../gateway/cameras/pictures/picture-store.ts'
import type { Cameras } from '../../../../gateway/cameras/port.ts'
import { PictureTravel } from '../../../../gateway/wiring/open-pictures.ts'
import type { Uplink } from '../../../../gateway/uplink/port.ts'

let folder: string
let deleted: Deleted[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gengfu-reached-'))
  deleted = []
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const logger = pino({ level: 'silent' })

async function openStore(totalBytesMax = 1_000_000): Promise<PictureStore> {
  const store = new PictureStore({
    folder,
    log: logger,
    totalBytesMax,
    cameraBytesMax: () => totalBytesMax,
    termMs: 1e9,
    onDeleted: (one) => deleted.push(one),
  })
  await store.open()
  return store
}

const file = (text: string) => {
  const bytes = Buffer.from(text)
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex'), width: 8, height: 8 }
}

async function put(store: PictureStore, id: string): Promise<StoredSnapshot> {
  const [full, preview] = [file(`full of ${id}`), file(`preview ${id}`)]
  const named = ({ bytes, ...rest }: ReturnType<typeof file>) => ({ ...rest, bytes: bytes.length })
  const snapshot: StoredSnapshot = {
    id,
    camera: 'cam-1',
    zone: 'yard',
    moment: 'at-once',
    fetchedAt: { boot: 1, sinceBootMs: Number.parseInt(id, 16), atMs: 1, clock: 'synced' },
    full: named(full),
    preview: named(preview),
    source: 'http',
    isMasked: false,
    picture: 'good',
    answerMs: 1,
    readyMs: 1,
    isHeld: false,
  }
  await store.put([snapshot], full, preview)
  return snapshot
}

test('knows after a restart which sizes of which picture the centre lacks', async () => {
  const store = await openStore()
  const [one, other] = [await put(store, '0000000a'), await put(store, '0000000b')]
  store.markReached(one.preview.sha256)
  store.markReached(other.preview.sha256)
  store.markReached(other.full.sha256)
  await store.writeReached()
  const again = await openStore()
  expect(again.list().map((snapshot) => [snapshot.id, unreachedOf(snapshot)])).toEqual([
    ['0000000b', []],
    ['0000000a', ['full']],
  ])
})

test('writes nothing of a picture that went before its note was written', async () => {
  const store = await openStore()
  const [one, other] = [await put(store, '0000000a'), await put(store, '0000000b')]
  store.markReached(one.preview.sha256)
  store.markReached(other.preview.sha256)
  await store.delete(one.id, 'asked')
  await store.writeReached()
  expect((await openStore()).list().map((snapshot) => [snapshot.id, unreachedOf(snapshot)])).toEqual([
    ['0000000b', ['full']],
  ])
  expect(await readdir(join(folder, 'index'))).toEqual(['0000000b.json'])
})

test('writes the other notes later when the disk does not take one', async () => {
  const store = await openStore()
  const [one, other] = [await put(store, '0000000a'), await put(store, '0000000b')]
  for (const { preview } of [one, other]) store.markReached(preview.sha256)
  await mkdir(join(folder, 'index', '0000000a.json.new'))
  await expect(store.writeReached()).rejects.toThrow('EISDIR')
  await store.writeReached()
  const document = await readFile(join(folder, 'index', '0000000b.json'), 'utf8')
  expect(JSON.parse(document)).toMatchObject({ reached: ['preview'] })
})

test('says with a picture that makes room what of it never reached the centre', async () => {
  const store = await openStore(60)
  const one = await put(store, '0000000a')
  store.markReached(one.preview.sha256)
  await put(store, '0000000b')
  expect(deleted.map(({ snapshot, reason }) => [snapshot.id, reason, unreachedOf(snapshot)])).toEqual([
    ['0000000a', 'quota', ['full']],
  ])
})

test('tells the record again to a centre that says twice that it has none, and checks a file that arrived damaged', async () => {
  const store = await openStore()
  const one = await put(store, '0000000a')
  const told: [string, unknown, string][] = []
  const verified: string[] = []
  const added: [string, boolean][] = []
  const cameras: Pick<Cameras, 'snapshots' | 'verify' | 'unreached'> = {
    snapshots: () => store.list(),
    verify: async (sha256) => verified.push(sha256) > 0,
    unreached: () => store.list().map((snapshot) => ({ snapshot, sizes: unreachedOf(snapshot) })),
  }
  const intake = {
    log: async (what: string, facts: Record<string, unknown>, lane: string = 'routine') => {
      told.push([what, facts['id'], lane])
    },
  }
  const uplink: Pick<Uplink, 'addPicture'> = { addPicture: ({ id }, isTried) => added.push([id, isTried]) }
  const travel = new PictureTravel({ intake, logger })
  const source = travel.source(cameras as Cameras)
  travel.start(uplink as Uplink)
  expect(added).toEqual([['0000000a', true]])
  source.refused(one.full.sha256, 'unknown', 1)
  expect(told).toEqual([])
  source.refused(one.full.sha256, 'unknown', 2)
  expect(told).toEqual([['snapshot-taken', '0000000a', 'routine']])
  // Also for a red alarm it stays behind the alarms.
  one.colour = 'red'
  source.refused(one.full.sha256, 'unknown', 3)
  expect(told.at(-1)).toEqual(['snapshot-taken', '0000000a', 'blue'])
  source.refused(one.full.sha256, 'damaged', 1)
  expect(verified).toEqual([one.full.sha256])
})
