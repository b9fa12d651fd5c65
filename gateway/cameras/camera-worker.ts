// The thread that talks to the cameras: what they send is read, parsed and grabbed here, so that no camera can hold up an alarm.
import { parentPort, workerData } from 'node:worker_threads'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../protocols/kit/random.ts'
import { setThreadNiceness } from '../thread.ts'
import { CameraClient } from './camera-client.ts'
import { CameraEvents, hasEvents } from './camera-events.ts'
import type { CameraOrder, CameraQuestion, CameraReply, OpenCamera } from './camera-messages.ts'
import { CameraProblem, toProblem } from './camera-problem.ts'
import { Ffmpeg } from './ffmpeg-run.ts'
import { baselineMsMax, toBaseline } from './rtsp-frame.ts'
import { Slots } from './slots.ts'

/** ffmpeg processes at once: each costs 30 MB and a part of a small box's processor. */
const streamsAtOnceMax = 2
const streamsWaitingMax = 64

const clock = createSystemClock()
const random = createSystemRandom()
const { ffmpegCommand } = workerData as { ffmpegCommand: string | undefined }
const ffmpeg = new Ffmpeg({ clock, ...(ffmpegCommand === undefined ? {} : { command: ffmpegCommand }) })
const streamSlots = new Slots({ atOnceMax: streamsAtOnceMax, waitingMax: streamsWaitingMax })
const clients = new Map<number, CameraClient>()
const eventsOf = new Map<number, CameraEvents>()
const asked = new Map<number, AbortController>()

const say = (reply: CameraReply): void => parentPort?.postMessage(reply)

function open(key: number, { settings, credentials, pinned }: OpenCamera): void {
  let fingerprint = pinned
  const pin = {
    get: () => fingerprint,
    set: (seen: string) => {
      fingerprint = seen
      say({ say: 'pinned', key, fingerprint: seen })
    },
  }
  const client = new CameraClient({ settings, credentials, pin, clock, random, ffmpeg, streamSlots })
  clients.set(key, client)
  if (!hasEvents(settings)) return
  const events = new CameraEvents({
    camera: settings.id,
    openSession: () => client.openEvents(),
    clock,
    random,
    tell: (told) => say({ say: 'events', key, told }),
  })
  eventsOf.set(key, events)
  events.start()
}

/** A subscription that nobody ends stays with the camera for minutes, and it has room for few. */
async function close(key: number): Promise<void> {
  const events = eventsOf.get(key)
  clients.delete(key)
  eventsOf.delete(key)
  await events?.stop()
}

async function end(): Promise<void> {
  await Promise.all([...clients.keys()].map(close))
  process.exit()
}

async function work(
  client: CameraClient | undefined,
  question: CameraQuestion,
  signal: AbortSignal,
): Promise<unknown> {
  if (question.ask === 'baseline')
    return toBaseline(ffmpeg, question.bytes, { deadlineMs: baselineMsMax, signal })
  if (!client) throw new CameraProblem('stopped')
  switch (question.ask) {
    case 'probe':
      return client.probe(signal)
    case 'check':
      return client.check(signal)
    case 'sources':
      return client.sources(signal)
    case 'fetch':
      return client.fetch(question.source, signal)
    case 'forget-facts':
      return client.forgetFacts()
  }
}

async function answer(key: number, id: number, question: CameraQuestion): Promise<void> {
  const client = clients.get(key)
  const abort = new AbortController()
  asked.set(id, abort)
  const now = (): { facts: CameraClient['facts']; processes: number } => ({
    facts: client?.facts,
    processes: ffmpeg.running,
  })
  try {
    const value = await work(client, question, abort.signal)
    say({ say: 'answer', id, value, ...now() })
  } catch (error) {
    const { code, detail, facts: problemFacts } = toProblem(error, 'work-failed')
    say({ say: 'problem', id, problem: { code, detail, facts: problemFacts }, ...now() })
  } finally {
    asked.delete(id)
  }
}

parentPort?.on('message', (order: CameraOrder) => {
  if (order.do === 'open') open(order.key, order.camera)
  else if (order.do === 'close') void close(order.key)
  else if (order.do === 'end') void end()
  else if (order.do === 'abort') asked.get(order.id)?.abort(new CameraProblem(order.code))
  else void answer(order.key, order.id, order.question)
})
// On a box with one or two cores the thread of the alarms comes first.
setThreadNiceness(10)
