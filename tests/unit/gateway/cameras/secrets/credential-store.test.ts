// Are passwords of cameras sealed to their camera and their key, do pins and marks survive a restart and a damaged file,
// and is each view of a picture on disk?
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LookLog, type Look } from '../../../../../gateway/cameras/pictures/look-log.ts'
import { CertificatePins } from '../../../../../gateway/cameras/secrets/certificate-pins.ts'
import { openCredentialStore } from '../../../../../gateway/cameras/secrets/credential-store.ts'
import { DigestMarks } from '../../../../../gateway/cameras/secrets/digest-marks.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-secrets-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const log = pino({ level: 'silent' })
const at = (name: string): string => join(folder, name)
const open = (keyFile = at('key'), onDamaged: (keptAs: string) => void = () => expect.fail('damaged')) =>
  openCredentialStore({ file: at('credentials.json'), keyFile, dataDir: at('data'), onDamaged })

describe('the store of passwords', () => {
  it('gives them back after a restart, and holds none of them in plain text', async () => {
    await (await open()).set('cam-1', { user: 'li', password: 'secret-word' })
    expect(readFileSync(at('credentials.json'), 'utf8')).not.toContain('secret-word')
    const again = await open()
    expect(again.get('cam-1')).toEqual({ user: 'li', password: 'secret-word' })
    expect(again.get('cam-2')).toBeUndefined()
    await again.delete('cam-1')
    expect((await open()).get('cam-1')).toBeUndefined()
  })

  it('opens no entry that was moved to another camera, and none with another key', async () => {
    await (await open()).set('cam-1', { user: 'li', password: 'p' })
    const text = readFileSync(at('credentials.json'), 'utf8')
    writeFileSync(at('credentials.json'), text.replace('cam-1', 'cam-2'))
    const moved = await open()
    expect(() => moved.get('cam-2')).toThrow('unable to authenticate')
    writeFileSync(at('credentials.json'), text)
    const other = await open(at('other-key'))
    expect(() => other.get('cam-1')).toThrow('unable to authenticate')
  })

  it('refuses a key that others can read, one inside the data folder, and a short one', async () => {
    await open()
    chmodSync(at('key'), 0o644)
    await expect(open()).rejects.toMatchObject({ code: 'no-key' })
    await expect(open(at('data/key'))).rejects.toMatchObject({ code: 'no-key' })
    writeFileSync(at('short'), 'AAAA', { mode: 0o600 })
    await expect(open(at('short'))).rejects.toMatchObject({ code: 'no-key' })
  })

  it('starts without passwords when a worn card damaged the file, and keeps it aside', async () => {
    writeFileSync(at('credentials.json'), '{"v":1,"cam')
    const asides: string[] = []
    expect((await open(at('key'), (keptAs) => asides.push(keptAs))).get('cam-1')).toBeUndefined()
    expect(asides).toEqual([at('credentials.json.damaged')])
    writeFileSync(at('credentials.json'), '{"v":2,"cameras":{}}')
    await expect(open()).rejects.toMatchObject({ code: 'no-key' })
  })
})

it('pins the certificate that a camera shows first, until a person forgets it', async () => {
  const pinned: string[] = []
  const create = () =>
    new CertificatePins({ file: at('pins.json'), log, onPinned: (camera) => pinned.push(camera) })
  const pins = create()
  await pins.load()
  pins.for('cam-1').set('aa')
  await pins.settled()
  const again = create()
  await again.load()
  expect(again.for('cam-1').get()).toBe('aa')
  await again.forget('cam-1')
  const third = create()
  await third.load()
  expect([third.for('cam-1').get(), pinned]).toEqual([undefined, ['cam-1']])
  writeFileSync(at('pins.json'), 'damaged')
  await create().load()
  expect(readdirSync(folder)).toContain('pins.json.damaged')
})

it('remembers which camera took a Digest, of configured cameras alone', async () => {
  const create = () => new DigestMarks({ file: at('marks.json'), log })
  const marks = create()
  await marks.load(['cam-1', 'cam-2'])
  for (const camera of ['cam-1', 'cam-2', 'cam-2']) marks.for(camera).tookDigest()
  await marks.settled()
  const again = create()
  await again.load(['cam-1'])
  expect(['cam-1', 'cam-2'].map((camera) => again.for(camera).hasDigest())).toEqual([true, false])
  await again.forget('cam-1')
  expect(again.for('cam-1').hasDigest()).toBe(false)
})

it('writes one line for each view in order, and starts a new file when one is full', async () => {
  const views = new LookLog(at('looks'))
  const view = (who: string): Look => ({
    atMs: 1,
    who,
    via: 'console',
    snapshot: 's',
    camera: 'cam-1',
    size: 'full',
  })
  await Promise.all(['li', 'wang'].map((who) => views.append(view(who))))
  const lines = readFileSync(at('looks/looks.jsonl'), 'utf8').trim().split('\n')
  expect(lines.map((line) => (JSON.parse(line) as Look).who)).toEqual(['li', 'wang'])
  writeFileSync(at('looks/looks.jsonl'), 'x'.repeat(1024 * 1024))
  await views.append(view('li'))
  expect(readdirSync(at('looks')).sort()).toEqual(['looks.1.jsonl', 'looks.jsonl'])
  writeFileSync(at('blocked'), '')
  await expect(new LookLog(at('blocked')).append(view('li'))).rejects.toMatchObject({ code: 'EEXIST' })
})
