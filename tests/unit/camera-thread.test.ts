// The thread that talks to the cameras dies or hangs: does whoever waits hear of it, and does the next question get an answer?
import { Worker } from 'node:worker_threads'
import { pino } from 'pino'
import { afterEach, expect, it, vi } from 'vitest'
import { CameraThread } from '../../gateway/cameras/camera-thread.ts'
import { cameraSettingsSchema } from '../../gateway/config/camera-settings.ts'
import { VirtualClock } from '../../protocols/kit/clock.ts'

const settings = cameraSettingsSchema.parse({ id: 'cam-1', host: '192.0.2.1', zone: 'gate' })
const log = pino({ level: 'silent' })
let undo: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const one of undo) await one()
  undo = []
})

/** A thread that answers with the orders it has heard; the first one does `firstDoes` instead. */
function open(firstDoes: string): { thread: CameraThread; clock: VirtualClock; started: () => number } {
  const clock = new VirtualClock()
  let started = 0
  const startWorker = (): Worker => {
    const does = ++started === 1 ? firstDoes : ''
    return new Worker(
      `const { parentPort } = require('node:worker_threads')
       const heard = []
       parentPort.on('message', (order) => {
         heard.push(order.do)
         const told = { is: 'subscribed' }
         if (order.camera?.settings.events) parentPort.postMessage({ say: 'events', key: order.key, told })
         if (order.do === 'open') return
         if (order.do === 'ask') { ${does} }
         const problem = { code: order.code, detail: '3 s', facts: {} }
         parentPort.postMessage(order.do === 'abort'
           ? { say: 'problem', id: order.id, problem, processes: 0 }
           : { say: 'answer', id: order.id, value: heard, processes: 1 })
       })`,
      { eval: true },
    )
  }
  const thread = new CameraThread({ clock, log, startWorker })
  undo.push(() => thread.stop())
  return { thread, clock, started: () => started }
}

const never = new AbortController().signal
const pin = { get: () => undefined, set: () => undefined }
const openCamera = (thread: CameraThread): ReturnType<CameraThread['open']> =>
  thread.open({ settings, credentials: undefined }, pin)

it('a thread that dies refuses what it was asked, and the next one knows the cameras', async () => {
  for (const end of ['process.exit(3)', 'setImmediate(() => { throw new Error("broken") }); return']) {
    const { thread, started } = open(end)
    const camera = openCamera(thread)
    await expect(camera.check(never)).rejects.toMatchObject({ code: 'work-failed' })
    expect(await camera.sources(never)).toEqual(['open', 'ask'])
    expect(started()).toBe(2)
    expect(thread.processes).toBe(1)
  }
})

it('a thread that hangs is given up after half a minute without a word', async () => {
  const { thread, clock, started } = open('for (;;);')
  const camera = openCamera(thread)
  const answer = camera.check(never)
  answer.catch(() => undefined)
  clock.advance(29_000)
  expect(started()).toBe(1)
  clock.advance(2000)
  await expect(answer).rejects.toMatchObject({ code: 'work-failed' })
  expect(await camera.sources(never)).toEqual(['open', 'ask'])
})

it('giving up reaches the thread with its reason, and its answer is waited for', async () => {
  const { thread } = open('return')
  const abort = new AbortController()
  const answer = openCamera(thread).check(abort.signal)
  abort.abort(Object.assign(new Error('elsewhere'), { code: 'ECONNRESET' }))
  await expect(answer).rejects.toMatchObject({ code: 'reset', detail: '3 s' })
})

it('a thread that is stopped refuses what it was asked', async () => {
  const { thread } = open('return')
  const camera = openCamera(thread)
  const answer = camera.check(never)
  answer.catch(() => undefined)
  await thread.stop()
  await expect(answer).rejects.toMatchObject({ code: 'stopped' })
})

it('events need no question to begin, and a thread that takes no leave is ended all the same', async () => {
  const { thread, clock, started } = open('')
  const heard: unknown[] = []
  const watching = { settings: { ...settings, events: true }, credentials: undefined }
  thread.open(watching, pin, (told) => heard.push(told))
  expect(started()).toBe(1)
  await vi.waitFor(() => expect(heard).toEqual([{ is: 'subscribed' }]))
  const stopped = thread.stop()
  clock.advance(1000)
  await stopped
})
