// The process of the cameras dies or hangs: does every waiting caller get an answer, and does the next request succeed?
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createSignInMemory } from '../../../../gateway/cameras/talk/http/http-auth.ts'
import { CameraProcess } from '../../../../gateway/cameras/process/camera-process.ts'
import { cameraSettingsSchema } from '../../../../gateway/config/camera-settings.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

const settings = cameraSettingsSchema.parse({ id: 'cam-1', host: '192.0.2.1', zone: 'gate' })
const path = process.env['PATH'] ?? ''
let folder = ''
let undo: (() => Promise<void>)[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-process-'))
})

afterEach(async () => {
  for (const one of undo) await one()
  undo = []
  process.env['PATH'] = path
  rmSync(folder, { recursive: true, force: true })
})

interface Opened {
  far: CameraProcess
  clock: VirtualClock
  log: string[]
  /** The started ones, by id. */
  pids: () => number[]
}

/** A process that answers with the orders it has received; the first one does `firstDoes` instead when asked. */
function open(firstDoes: string, hasStart = true): Opened {
  const clock = new VirtualClock()
  const log: string[] = []
  const program = join(folder, 'program.cjs')
  const started = join(folder, 'started')
  writeFileSync(
    program,
    `const { appendFileSync, existsSync } = require('node:fs')
     const isFirst = !existsSync(${JSON.stringify(started)})
     appendFileSync(${JSON.stringify(started)}, process.pid + '\\n')
     const heard = []
     process.on('message', (order) => {
       heard.push(order.do)
       if (order.do === 'end') process.exit()
       const told = { is: 'subscribed' }
       if (order.camera?.settings.events) process.send({ say: 'events', key: order.key, report: told })
       if (order.do === 'open') return
       if (order.do === 'ask' && isFirst) { ${firstDoes} }
       const problem = { code: order.code, detail: '3 s', facts: {} }
       process.send(order.do === 'abort'
         ? { say: 'problem', id: order.id, problem, processes: 0 }
         : { say: 'answer', id: order.id, value: order.question.bytes ?? heard, processes: 1 })
     })
     process.on('disconnect', () => process.exit())
     ${hasStart ? "process.send({ say: 'ready' })" : 'process.exit(7)'}`,
  )
  const logger = pino({ level: 'trace' }, { write: (line: string) => void log.push(line) })
  const far = new CameraProcess({ clock, log: logger, program })
  undo.push(async () => {
    const stopped = far.stop()
    clock.advance(1000)
    await stopped
  })
  const pids = (): number[] =>
    existsSync(started)
      ? readFileSync(started, 'utf8')
          .trim()
          .split('\n')
          .map((text) => Number(text))
      : []
  return { far, clock, log, pids }
}

const never = (): AbortSignal => new AbortController().signal
const known = { pin: { get: () => undefined, set: () => undefined }, signIns: createSignInMemory() }
const openCamera = (far: CameraProcess): ReturnType<CameraProcess['open']> =>
  far.open({ settings, credentials: undefined }, known)
const isThere = (pid: number): boolean => existsSync(`/proc/${pid}`)

it.each([
  'process.exit(3)',
  'setImmediate(() => { throw new Error("broken") }); return',
  'process.kill(process.pid, "SIGKILL")',
])('a process that dies of %s refuses what it was asked, and the next one knows the cameras', async (end) => {
  const { far, pids } = open(end)
  const camera = openCamera(far)
  await expect(camera.check(never())).rejects.toMatchObject({ code: 'work-failed' })
  expect(await camera.sources(never())).toEqual(['open', 'ask'])
  expect(pids()).toHaveLength(2)
  expect(far.processes).toBe(1)
})

it('what it complains of as it dies is in the log, and not without end', async () => {
  const { far, log } = open('require("node:fs").writeSync(2, "out of memory ".repeat(9000)); process.exit(1)')
  await expect(openCamera(far).check(never())).rejects.toMatchObject({ code: 'work-failed' })
  await vi.waitFor(() => expect(log.join('')).toContain('out of memory'))
  expect(log.join('').length).toBeLessThan(8000)
})

it('a process that hangs is ended after half a minute without a word', async () => {
  const { far, clock, pids } = open('for (;;);')
  const camera = openCamera(far)
  const answer = camera.check(never())
  const answers = Promise.allSettled([answer])
  await vi.waitFor(() => expect(pids()).toHaveLength(1), 5000)
  clock.advance(29_000)
  expect(isThere(pids()[0] ?? 0)).toBe(true)
  clock.advance(2000)
  expect(await answers).toMatchObject([{ status: 'rejected', reason: { code: 'work-failed' } }])
  expect(await camera.sources(never())).toEqual(['open', 'ask'])
  await vi.waitFor(() => expect(isThere(pids()[0] ?? 0)).toBe(false), 5000)
})

it('a process that says something and hangs then is ended, too', async () => {
  const { far, clock, pids } = open(
    `process.send({ say: 'events', key: 1, report: { is: 'subscribed' } }, () => { for (;;); }); return`,
  )
  const heard: unknown[] = []
  const camera = far.open({ settings, credentials: undefined }, known, (told) => heard.push(told))
  const answers = Promise.allSettled([camera.check(never())])
  // Received after its request.
  clock.advance(1000)
  await vi.waitFor(() => expect(heard).toHaveLength(1), 5000)
  expect(pids()).toHaveLength(1)
  clock.advance(29_500)
  expect(isThere(pids()[0] ?? 0)).toBe(true)
  clock.advance(1000)
  expect(await answers).toMatchObject([{ status: 'rejected', reason: { code: 'work-failed' } }])
})

it('one that dies at each start is started less and less often, says so in words, and not without end', async () => {
  const { far, clock, log, pids } = open('', false)
  const camera = openCamera(far)
  const codes = new Set<unknown>()
  for (let second = 0; second < 100; second++) {
    const before = pids().length
    const [answer] = await Promise.allSettled([camera.check(never())])
    codes.add((answer as PromiseRejectedResult).reason.code)
    expect(pids().length - before).toBeLessThan(2)
    clock.advance(1000)
  }
  expect([...codes]).toEqual(['work-failed', 'program-failed'])
  expect(pids().length).toBeLessThan(10)
  expect(log.filter((line) => line.includes('camera process failed')).length).toBeLessThan(3)
}, 80_000)

it('one that died is started again without a question, so that events are heard', async () => {
  const { far, clock, pids } = open('process.exit(3)')
  const heard: unknown[] = []
  const watching = { settings: { ...settings, events: true }, credentials: undefined }
  const camera = far.open(watching, known, (told) => heard.push(told))
  await expect(camera.check(never())).rejects.toMatchObject({ code: 'work-failed' })
  expect(heard).toHaveLength(1)
  clock.advance(1000)
  await vi.waitFor(() => expect(heard).toHaveLength(2), 5000)
  expect(pids()).toHaveLength(2)
})

it('a word for a failure that we do not know is a failure', async () => {
  const { far } = open(
    `process.send({ say: 'problem', id: order.id, problem: { code: 'x', detail: '', facts: {} }, processes: 0 }); return`,
  )
  await expect(openCamera(far).check(never())).rejects.toMatchObject({ code: 'work-failed' })
})

it('giving up reaches the process with its reason, and its answer is waited for', async () => {
  const { far } = open('return')
  const abort = new AbortController()
  const answer = openCamera(far).check(abort.signal)
  abort.abort(Object.assign(new Error('elsewhere'), { code: 'ECONNRESET' }))
  await expect(answer).rejects.toMatchObject({ code: 'reset', detail: '3 s' })
})

it('a process that is stopped refuses what it was asked and whatever comes later, and is gone', async () => {
  const { far, pids } = open('return')
  const camera = openCamera(far)
  const answers = Promise.allSettled([camera.check(never())])
  await vi.waitFor(() => expect(pids()).toHaveLength(1), 5000)
  await far.stop()
  expect(await answers).toMatchObject([{ status: 'rejected', reason: { code: 'stopped' } }])
  expect(pids().map(isThere)).toEqual([false])
  await expect(camera.check(never())).rejects.toMatchObject({ code: 'stopped' })
  expect(pids()).toHaveLength(1)
})

it('events need no question to begin, and a process that takes no leave is ended all the same', async () => {
  const { far, clock, pids } = open('for (;;);')
  const heard: unknown[] = []
  const watching = { settings: { ...settings, events: true }, credentials: undefined }
  far.start()
  const camera = far.open(watching, known, (told) => heard.push(told))
  await vi.waitFor(() => expect(heard).toEqual([{ is: 'subscribed' }]), 5000)
  const answers = Promise.allSettled([camera.check(never())])
  const stopped = far.stop()
  clock.advance(1000)
  await stopped
  expect(await answers).toMatchObject([{ reason: { code: 'stopped' } }])
  expect(pids().map(isThere)).toEqual([false])
})

it('no more pictures are sent over than a process can have in hand; the others wait, and not without end', async () => {
  const { far, pids } = open('return')
  const camera = openCamera(far)
  const picture = new Uint8Array(1000)
  const sent = Array.from({ length: 16 + 128 }, () => camera.process(picture, [], never(), 'red'))
  const [first] = sent.map((one) => one.catch((error: unknown) => error))
  await expect(camera.process(picture, [], never(), 'red')).rejects.toMatchObject({ code: 'busy' })
  await vi.waitFor(() => expect(pids()).toHaveLength(1), 5000)
  process.kill(pids()[0] ?? 0, 'SIGKILL')
  expect(await first).toMatchObject({ code: 'work-failed' })
  // The answer is a view of a message, with the same bytes.
  expect([...((await camera.process(picture.fill(7), [], never(), 'red')) as unknown as Uint8Array)]).toEqual(
    [...picture],
  )
})

const passesOn = '#!/bin/sh\nshift 2\nexec "$@"\n'
it.each([
  ['chrt is not there', {}],
  ['setpriv is not there', { chrt: passesOn }],
  ['setpriv does not know what is asked of it', { chrt: passesOn, setpriv: '#!/bin/sh\nexit 1\n' }],
  ['setpriv is no program at all', { chrt: passesOn, setpriv: 'what a worn card left of it' }],
  ['chrt is no program at all', { chrt: 'what a worn card left of it' }],
])('it runs without being tied to us where %s', async (_, scripts) => {
  // The path without the program that would tie it.
  for (const [name, script] of Object.entries(scripts))
    writeFileSync(join(folder, name), script, { mode: 0o755 })
  process.env['PATH'] = folder
  const { far, pids } = open('')
  const camera = openCamera(far)
  await expect(camera.check(never())).rejects.toMatchObject({ code: 'work-failed' })
  expect(await camera.sources(never())).toEqual(['open', 'ask'])
  expect(pids()).toHaveLength(1)
})
