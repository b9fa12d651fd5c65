// The program of the cameras' process: the cameras' bytes are read, parsed, decoded and processed here, so that no
// camera and no garbage of a picture can delay an alarm.
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../protocols/kit/random.ts'
import { setProcessNiceness } from '../../../platform/thread.ts'
import { CameraClient, type TakenPicture } from '../talk/camera-client.ts'
import { CameraEvents, hasEvents } from '../talk/onvif/camera-events.ts'
import type { CameraOrder, CameraQuestion, CameraReply, OpenCamera } from './camera-messages.ts'
import { CameraProblem, toProblem } from '../talk/camera-problem.ts'
import { PictureProcessor } from '../pictures/picture-processor.ts'
import { createSignInMemory } from '../talk/http/http-auth.ts'
import { Ffmpeg } from '../talk/stream/ffmpeg-run.ts'
import { baselineMsMax, toBaseline } from '../talk/stream/rtsp-frame.ts'
import { createStallTolerantClock } from './stall-tolerant-clock.ts'
import { Slots } from './slots.ts'

/** On a box with one or two processors the process of the alarms runs first, also where `chrt` is forbidden. */
const niceness = 10
/** ffmpeg processes at once: each needs 30 MB and, while it starts, a processor. One processor stays free of them. */
const streamsAtOnceMax = availableParallelism() > 2 ? 2 : 1
const streamsWaitingMax = 64
/**
 * Pictures fetched and not processed yet: each may have 4 MB. The others wait at their cameras, the most urgent first.
 */
const picturesAtOnceMax = 16
const picturesWaitingMax = 256
/** Garbage is collected this often while there is work: V8 alone would let half as much again collect for minutes. */
const collectMs = 60_000
/**
 * A message that the process is alive is sent this often while requests are open: a picture may take longer than the
 * limit for a process that hangs.
 */
const aliveMs = 5_000
/**
 * The highest value: a box has 256 MB in all, and if memory runs out the kernel must end this process before that of
 * the alarms.
 */
const oomScore = 1000

const clock = createStallTolerantClock(createSystemClock())
const random = createSystemRandom()
const [ffmpegCommand] = process.argv.slice(2)
const ffmpeg = new Ffmpeg({ clock, ...(ffmpegCommand === undefined ? {} : { command: ffmpegCommand }) })
const streamSlots = new Slots({ atOnceMax: streamsAtOnceMax, waitingMax: streamsWaitingMax })
const pictureSlots = new Slots({ atOnceMax: picturesAtOnceMax, waitingMax: picturesWaitingMax })
const clients = new Map<number, CameraClient>()
const eventsOf = new Map<number, CameraEvents>()
const asked = new Map<number, AbortController>()
let hasWorked = false

const processor = new PictureProcessor({
  clock,
  toBaseline: (bytes, signal) => toBaseline(ffmpeg, bytes, { deadlineMs: baselineMsMax, signal }),
  onTrouble: (error) => say({ say: 'trouble', error }),
})

function say(reply: CameraReply): void {
  // If the box's process is gone, its own event reports it.
  if (process.connected) process.send?.(reply, undefined, undefined, () => undefined)
}

function open(key: number, { settings, credentials, pinned, hasDigest }: OpenCamera): void {
  let fingerprint = pinned
  const pin = {
    get: () => fingerprint,
    set: (seen: string) => {
      fingerprint = seen
      say({ say: 'pinned', key, fingerprint: seen })
    },
  }
  const signIns = createSignInMemory(hasDigest, () => say({ say: 'took-digest', key }))
  const client = new CameraClient({
    settings,
    credentials,
    pin,
    signIns,
    clock,
    random,
    ffmpeg,
    streamSlots,
  })
  clients.set(key, client)
  if (!hasEvents(settings)) return
  const events = new CameraEvents({
    camera: settings.id,
    openSession: () => client.openEvents(),
    clock,
    random,
    tell: (report) => say({ say: 'events', key, report }),
  })
  eventsOf.set(key, events)
  events.start()
}

/** A subscription that is not ended stays in the camera for minutes, and a camera has room for few. */
async function close(key: number): Promise<void> {
  const events = eventsOf.get(key)
  clients.delete(key)
  eventsOf.delete(key)
  await events?.stop()
}

/** Neither a subscription nor a process may stay behind. */
async function leave(): Promise<void> {
  await Promise.all([ffmpeg.stop(), ...[...clients.keys()].map(close)])
  process.exit()
}

async function take(
  client: CameraClient,
  { source: asked, masks, urgency }: CameraQuestion & { ask: 'take' },
  signal: AbortSignal,
): Promise<TakenPicture> {
  const { bytes, source, answerMs } = await client.fetch(asked, signal, urgency)
  return { raw: { source, answerMs }, finished: await processor.process(bytes, masks, signal, urgency) }
}

async function work(
  client: CameraClient | undefined,
  question: CameraQuestion,
  signal: AbortSignal,
): Promise<unknown> {
  if (question.ask === 'process')
    return processor.process(question.bytes, question.masks, signal, question.urgency)
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
    case 'take':
      return pictureSlots.use(signal, () => take(client, question, signal), question.urgency)
    case 'forget-facts':
      return client.forgetFacts()
  }
}

async function answer(key: number, id: number, question: CameraQuestion): Promise<void> {
  hasWorked = true
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

function offerFirst(): void {
  const file = '/proc/self/oom_score_adj'
  try {
    writeFileSync(file, `${oomScore}`)
  } catch {
    // Not Linux, or a sandbox that forbids it.
  }
}

setProcessNiceness(niceness)
offerFirst()
process.on('message', (order: CameraOrder) => {
  if (order.do === 'open') open(order.key, order.camera)
  else if (order.do === 'close') void close(order.key)
  else if (order.do === 'end') void leave()
  else if (order.do === 'abort') asked.get(order.id)?.abort(new CameraProblem(order.code))
  else void answer(order.key, order.id, order.question)
})
process.on('disconnect', () => void leave())
// For the box's process, which sends a message: a terminal and a supervisor send signals to the whole group.
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => undefined)
setInterval(() => {
  if (hasWorked) globalThis.gc?.()
  hasWorked = false
}, collectMs)
setInterval(() => asked.size > 0 && say({ say: 'alive' }), aliveMs)
processor.start()
say({ say: 'ready' })
