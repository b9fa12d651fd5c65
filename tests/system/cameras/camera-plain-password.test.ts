// A camera that has accepted a Digest is sent no password in plain text later, also not after a restart.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { account } from '../../../firmware-sim/camera/habits/habit.ts'
import { PageCamera, type PageHabit } from '../../../firmware-sim/camera/habits/page-camera.ts'
import { signInHabits } from '../../../firmware-sim/camera/habits/page-habits.ts'
import { drawScene } from '../../../firmware-sim/camera/scene.ts'
import { DigestMarks } from '../../../gateway/cameras/secrets/digest-marks.ts'
import { openCameraBench, type CameraBench } from '../../kits/system/camera-bench.ts'

const stops: (() => Promise<void>)[] = []
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gengfu-plain-'))
})
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
  await rm(folder, { recursive: true, force: true })
})

async function openBench(...parameters: Parameters<typeof openCameraBench>): Promise<CameraBench> {
  const bench = await openCameraBench(...parameters)
  stops.push(() => bench.stop())
  return bench
}

it('is not sent in plain text after a restart to a camera that took a Digest, until a person sets it anew', async () => {
  const keyFile = join(folder, 'camera.key')
  let asksForBasic = false
  const heard: string[] = []
  const habit = signInHabits.find(({ name }) => name === 'refusal-without-end')
  const basic =
    'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="cam"\r\nContent-Length: 0\r\n\r\n'
  const picture = drawScene({
    atMs: 0,
    waterLevelMm: 1,
    isDoorOpen: false,
    isDark: false,
    isCovered: false,
  })
  const serve: PageHabit['serve'] = (request, answer, bytes) => {
    heard.push(request.headers['authorization'] ?? '')
    if (!asksForBasic) return habit?.serve(request, answer, bytes)
    answer.end(basic)
  }
  const camera = new PageCamera({ serve }, picture)
  const port = await camera.start()
  stops.push(() => camera.stop())
  const one = { id: 'cam-1', host: '127.0.0.1', port, zone: 'bridge', onvif: false, snapshotPath: '/a' }
  const still = { ...one, ringSeconds: 0, healthSeconds: 3600 }
  const first = await openBench([still], { folder, pictures: { keyFile } })
  await first.cameras.setCredentials('cam-1', account.user, account.password, 'li')
  expect(await first.cameras.take('cam-1', 'li')).toMatchObject({ ok: true })
  await first.stop()
  asksForBasic = true
  const again = await openBench([still], { folder, pictures: { keyFile } })
  expect(await again.cameras.take('cam-1', 'li')).toMatchObject({ reason: { code: 'basic-refused' } })
  expect(heard.filter((header) => header.startsWith('Basic'))).toEqual([])
  await again.cameras.setCredentials('cam-1', account.user, account.password, 'li')
  await again.cameras.take('cam-1', 'li')
  expect(heard.filter((header) => header.startsWith('Basic'))).toHaveLength(1)
})

it('is known by marks of the cameras of the configuration only, and torn marks are put aside', async () => {
  const marks = { file: join(folder, 'digests.json'), log: pino({ level: 'silent' }) }
  await writeFile(marks.file, JSON.stringify(['cam-1', 'gone', 7]))
  const known = new DigestMarks(marks)
  await known.load(['cam-1', 'cam-2'])
  expect(['cam-1', 'cam-2', 'gone'].map((id) => known.for(id).hasDigest())).toEqual([true, false, false])
  known.for('cam-2').tookDigest()
  await known.settled()
  expect(JSON.parse(await readFile(marks.file, 'utf8'))).toEqual(['cam-1', 'cam-2'])
  await writeFile(marks.file, '["cam-')
  const torn = new DigestMarks(marks)
  await torn.load(['cam-1'])
  expect(torn.for('cam-1').hasDigest()).toBe(false)
  expect(await readFile(`${marks.file}.damaged`, 'utf8')).toBe('["cam-')
})
