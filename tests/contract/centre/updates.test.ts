// A release offered at the centre: is it served to the boxes in pieces, asked of the first wave by command, and stopped when a box went back?
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'mqtt'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { runCentre } from '../../../centre/main.ts'
import type { UpdatesAnswer } from '../../../protocols/desk/updates.ts'
import { encodeJson, parseCentreCommand } from '../../../protocols/uplink/codec.ts'
import type { CentreCommand } from '../../../protocols/uplink/command.ts'
import { ReleaseBench } from '../../kits/system/release-bench.ts'
import { dropFolder, epoch, makeFolder, startCentre, until, type CentreUnderTest } from './centre-parts.ts'

const [first, second] = ['upper-brook-1', 'lower-brook-1']
let folder: string
let centre: CentreUnderTest
let bench: ReleaseBench
let printed = ''
beforeAll(async () => {
  folder = makeFolder()
  bench = new ReleaseBench()
  centre = await startCentre(folder)
  writeFileSync(join(folder, 'centre.yaml'), `dataDir: ${folder}\n`)
}, 60_000)
afterAll(async () => {
  await centre.centre.stop()
  bench.close()
  dropFolder(folder)
})

async function update(...args: string[]): Promise<number> {
  printed = ''
  process.exitCode = 0
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      printed += String(text)
      return true
    })
  await runCentre(['update', ...args, '--config', join(folder, 'centre.yaml')])
  vi.restoreAllMocks()
  const code = Number(process.exitCode ?? 0)
  process.exitCode = 0
  return code
}
const updates = async (): Promise<UpdatesAnswer> =>
  (await (await centre.get('/api/v1/updates', centre.token('maintainer'))).json()) as UpdatesAnswer

async function listen(box: string) {
  const heard: CentreCommand[] = []
  const client = connect(centre.centre.uplinkUrls[0] ?? '', { clientId: box, reconnectPeriod: 0 })
  client.on('message', (_topic, payload) => {
    const command = parseCentreCommand(payload)
    if (command.ok) heard.push(command.value)
  })
  await client.subscribeAsync(`down/${box}/command`, { qos: 1 })
  // Present from here on.
  const beat = { v: 1, epoch, lanes: {}, boot: 1, sinceBootMs: 1, atMs: 1, clock: 'synced', uptimeMs: 1 }
  await client.publishAsync(`up/${box}/heartbeat`, Buffer.from(encodeJson(beat)))
  const answer = (state: string, code?: string) =>
    client.publishAsync(
      `up/${box}/result`,
      Buffer.from(
        encodeJson({
          v: 1,
          id: heard.at(-1)?.id,
          atMs: 1000,
          clock: 'synced',
          state,
          ...(code === undefined ? {} : { reason: { code, zh: '因', en: 'why' } }),
        }),
      ),
      { qos: 1 },
    )
  return { heard, answer, client }
}

it('takes no release that is not signed by the given key or not whole', async () => {
  const { archive } = bench.offer('1.1.0')
  const flags = ['offer', '--from', bench.offered, '--version', '1.1.0', '--by', 'li']
  writeFileSync(join(bench.folder, 'other.pub'), new ReleaseBench().signer.publicKey)
  expect(await update(...flags, '--key', join(bench.folder, 'other.pub'))).toBe(2)
  expect(printed).toContain('does not trust')
  writeFileSync(join(bench.offered, archive.name), 'x')
  expect(await update(...flags, '--key', bench.keyFile)).toBe(2)
  expect(printed).toContain('not the archive')
  expect(await updates()).toEqual({})
})

it(
  'serves it in pieces, asks the first wave alone, and stops when its box went back',
  { timeout: 90_000 },
  async () => {
    const { archive } = bench.offer('1.1.0')
    const boxes = [await listen(first), await listen(second)] as const
    const flags = [
      'offer',
      '--from',
      bench.offered,
      '--version',
      '1.1.0',
      '--key',
      bench.keyFile,
      '--by',
      'li',
    ]
    expect(await update(...flags, '--waves', `${first};100%`, '--rest-hours', '0')).toBe(0)
    const whole = readFileSync(join(bench.offered, archive.name))
    const range = { range: 'bytes=1000-1999' }
    const piece = await fetch(`${centre.centre.httpUrl}/releases/${archive.name}`, { headers: range })
    expect(piece.status).toBe(206)
    expect(Buffer.from(await piece.arrayBuffer())).toEqual(whole.subarray(1000, 2000))
    expect((await centre.get('/releases/')).status).toBe(404)
    expect((await centre.get('/releases/..%2fupdates%2fplan.json')).status).toBeGreaterThanOrEqual(400)
    await until(async () => boxes[0].heard[0])
    expect(boxes[0].heard[0]).toMatchObject({ do: 'update', version: '1.1.0', by: 'li' })
    await boxes[0].answer('received')
    await boxes[0].answer('failed', 'went-back')
    const stopped = await until(async () => {
      const { progress } = await updates()
      return progress?.state === 'stopped' ? progress : undefined
    })
    expect(stopped).toMatchObject({
      reason: { box: first, what: 'went-back' },
      boxes: { [first]: { reason: { en: 'why' } } },
    })
    expect(boxes[1].heard).toEqual([])
    await update('status')
    expect(printed).toContain(`${first} went-back`)
    expect(await (await centre.get('/metrics')).text()).toContain('gengfu_centre_update_stopped 1')
    for (const { client } of boxes) await client.endAsync(true)
  },
)

it('is paused and resumed by command and by request', async () => {
  expect(await update('pause')).toBe(0)
  expect((await updates()).plan?.isPaused).toBe(true)
  await centre.post('/api/v1/updates/hold', centre.token('admin'), { isPaused: false })
  expect((await updates()).plan?.isPaused).toBe(false)
})
