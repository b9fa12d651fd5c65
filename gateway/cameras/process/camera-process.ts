// The cameras' process, seen from the box's process: sends requests, aborts them, and restarts it when it hangs or
// dies.
import { fork, type ChildProcess } from 'node:child_process'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { CameraEventReport } from '../talk/onvif/camera-events.ts'
import type { CameraOrder, CameraQuestion, CameraReply, OpenCamera } from './camera-messages.ts'
import type { CertificatePin } from '../talk/http/camera-http.ts'
import type { SignInMemory } from '../talk/http/http-auth.ts'
import { CameraProblem, isProblemCode, toProblem } from '../talk/camera-problem.ts'
import type { Finished } from '../pictures/picture-processor.ts'
import type { Polygon } from '../pictures/picture-work.ts'
import { RemoteCamera } from './remote-camera.ts'
import { Restarts } from './restarts.ts'
import { Slots, type Urgency } from './slots.ts'
import { CameraPause } from './camera-pause.ts'

/** A process without any message for this long, while requests are open, hangs. */
const silenceMsMax = 30_000
/** Time to unsubscribe from the cameras: each gets half a second. */
const endMsMax = 1000
/**
 * After it has died it is started again after this time, so that the cameras' events are received again without a
 * request.
 */
const startAgainMs = 1000
/**
 * Most pictures in transfer: each waits with its bytes in the channel, behind others. Of other requests there is one
 * per camera. The waiting ones are pictures from before an alarm, one or two per camera; further ones are refused.
 */
const sentMax = 16
const waitingMax = 128
/** Most of its standard error that is logged: it writes there only when it fails. */
const wordsBytesMax = 4096
/**
 * Runs with the idle scheduling class: a process that is only nice still holds a processor for some milliseconds when
 * an alarm comes. It ends together with the box, also if it hangs.
 */
const tie = ['chrt', '--idle', '0', 'setpriv', '--pdeathsig', 'KILL']
const v8Options = [
  '--max-old-space-size=128',
  '--max-semi-space-size=2',
  '--heap-growing-percent=10',
  '--v8-pool-size=1',
  // It collects garbage itself: most of a picture is outside the heap, where V8 frees it late.
  '--expose-gc',
]

interface Asked {
  far: RemoteCamera | undefined
  resolve: (value: unknown) => void
  reject: (problem: CameraProblem) => void
  settle: () => void
}

export interface CameraProcessOptions {
  clock: Clock
  log: Logger
  ffmpegCommand?: string | undefined
  /** Called for each death, and for a start that failed. */
  onFailed?: () => void
  /** For tests: another program in its place. */
  program?: string | undefined
}

export class CameraProcess {
  readonly #options: CameraProcessOptions
  readonly #asked = new Map<number, Asked>()
  readonly #open = new Map<number, RemoteCamera>()
  #child: ChildProcess | undefined
  #isTied = true
  readonly #restarts = new Restarts()
  #cancelStart: (() => void) | undefined
  #isStopped = false
  readonly #sent = new Slots({ atOnceMax: sentMax, waitingMax })
  #lastId = 0
  #lastKey = 0
  #heardMs = 0
  #processes = 0
  readonly #still: CameraPause

  constructor(options: CameraProcessOptions) {
    this.#options = options
    this.#still = new CameraPause(options.clock, (signal) => this.#sendAll(signal))
  }

  /** ffmpeg processes that ran at its last message. */
  get processes(): number {
    return this.#processes
  }

  get isThere(): boolean {
    return this.#child !== undefined
  }

  /** An alarm is on its way. An idle process is not stopped: stopping and continuing would be its only work. */
  pauseForAlarm(): void {
    if (this.#child && this.#asked.size > 0) this.#still.begin()
  }

  /** Before the first request, so that the first request does not wait for it. */
  start(): void {
    this.#isStopped = false
    this.#child ??= this.#start()
  }

  open(
    camera: Omit<OpenCamera, 'pinned' | 'hasDigest'>,
    { pin, signIns }: { pin: CertificatePin; signIns: SignInMemory },
    onEvents: (report: CameraEventReport) => void = () => undefined,
  ): RemoteCamera {
    const far = new RemoteCamera(this, { key: ++this.#lastKey, camera, pin, signIns, onEvents })
    this.#open.set(far.key, far)
    if (this.#child) introduce(this.#child, far)
    return far
  }

  close(far: RemoteCamera): void {
    this.#open.delete(far.key)
    if (this.#child) tell(this.#child, { do: 'close', key: far.key })
  }

  /** Checks, masks and reduces a picture; if it rejects with a CameraProblem, nothing of the picture may be stored. */
  process(
    bytes: Uint8Array,
    masks: readonly Polygon[],
    signal: AbortSignal,
    urgency: Urgency,
  ): Promise<Finished> {
    const ask = (): Promise<Finished> =>
      this.ask(undefined, { ask: 'process', bytes, masks, urgency }, signal) as Promise<Finished>
    return this.#sent.use(signal, ask, urgency)
  }

  /** Rejects with a CameraProblem; when `signal` aborts, as soon as the process has aborted. */
  ask(far: RemoteCamera | undefined, question: CameraQuestion, signal?: AbortSignal): Promise<unknown> {
    const reason = (): CameraProblem => toProblem(signal?.reason, 'stopped')
    if (signal?.aborted) return Promise.reject(reason())
    if (this.#isStopped) return Promise.reject(new CameraProblem('stopped'))
    const child = (this.#child ??= this.#start())
    if (!child) return Promise.reject(new CameraProblem('program-failed'))
    const id = ++this.#lastId
    const askedMs = this.#options.clock.monotonicMs()
    return new Promise((resolve, reject) => {
      const onAbort = (): void => tell(child, { do: 'abort', id, code: reason().code })
      signal?.addEventListener('abort', onAbort, { once: true })
      let cancel = (): void => undefined
      const watch = (forMs: number): void => {
        cancel = this.#options.clock.after(forMs, () => {
          const quietMs = this.#options.clock.monotonicMs() - Math.max(askedMs, this.#heardMs)
          if (quietMs < silenceMsMax) watch(silenceMsMax - quietMs)
          else this.#fail(child, new Error('the camera process hangs'))
        })
      }
      watch(silenceMsMax)
      const settle = (): void => {
        cancel()
        signal?.removeEventListener('abort', onAbort)
        this.#asked.delete(id)
      }
      this.#asked.set(id, { far, resolve, reject, settle })
      tell(child, { do: 'ask', key: far?.key ?? 0, id, question })
    })
  }

  /** Ends it with all its children; first it may unsubscribe from the cameras. */
  async stop(): Promise<void> {
    this.#still.end()
    const child = this.#child
    this.#child = undefined
    this.#isStopped = true
    this.#cancelStart?.()
    this.#cancelStart = undefined
    this.#refuseAll(new CameraProblem('stopped'))
    if (!child) return
    const ended = new Promise((resolve) => child.once('exit', resolve).once('error', resolve))
    child.ref()
    tell(child, { do: 'end' })
    const cancel = this.#options.clock.after(endMsMax, () => child.kill('SIGKILL'))
    await ended
    cancel()
  }

  /** Undefined if it can not be started, or died so often that it must wait. */
  #start(): ChildProcess | undefined {
    if (!this.#restarts.mayStart(this.#options.clock.monotonicMs())) return undefined
    try {
      return this.#fork()
    } catch (error) {
      // Most failures of a start arrive as an event, some are thrown: a broken `setpriv`, no memory.
      this.#isTied = !this.#isTied
      this.#died(error as Error)
      return undefined
    }
  }

  #fork(): ChildProcess {
    const { ffmpegCommand, program } = this.#options
    const isSource = import.meta.url.endsWith('.ts')
    const file =
      program ?? fileURLToPath(new URL(`./camera-program.${isSource ? 'ts' : 'js'}`, import.meta.url))
    const parameters = ffmpegCommand === undefined ? [] : [ffmpegCommand]
    const [execPath, ...rest] = [...(this.#isTied ? tie : []), process.execPath]
    // Collected at the start: this process does not wait for it.
    const runner = fileURLToPath(new URL('../../../bin/run-source.cjs', import.meta.url))
    const child = fork(isSource ? runner : file, isSource ? [file, ...parameters] : parameters, {
      execPath,
      execArgv: [...rest, ...v8Options],
      env: smallEnvironment(),
      detached: true,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    // The program may end while it is idle.
    child.unref()
    child.channel?.unref()
    let isReady = false
    child.on('message', (reply: CameraReply) => {
      isReady = true
      if (this.#child === child) this.#hear(reply)
    })
    child.on('error', (error) => {
      if (child.pid === undefined) this.#isTied = !this.#isTied
      this.#fail(child, error)
    })
    child.on('exit', (code, signal) => {
      // A `setpriv` of another make refuses unknown options: then it is started without, if that works.
      if (!isReady && code !== null) this.#isTied = !this.#isTied
      this.#fail(child, new Error(`the camera process ended (${signal ?? code})`))
    })
    this.#listen(child)
    for (const far of this.#open.values()) introduce(child, far)
    return child
  }

  /** It writes there only when it fails. */
  #listen({ stderr }: ChildProcess): void {
    let left = this.#restarts.deaths === 0 || this.#restarts.isLogged ? wordsBytesMax : 0
    stderr?.on('data', (words: Buffer) => {
      if (left > 0)
        this.#options.log.warn({ output: words.toString('utf8', 0, left) }, 'camera process complains')
      left -= words.length
    })
    if (stderr instanceof Socket) stderr.unref()
  }

  #hear(reply: CameraReply): void {
    this.#heardMs = this.#options.clock.monotonicMs()
    if (reply.say === 'ready' || reply.say === 'alive') return
    if (reply.say === 'trouble') return this.#options.log.error({ err: reply.error }, 'picture thread failed')
    if (reply.say === 'pinned') {
      const pin = this.#open.get(reply.key)?.pin
      if (pin?.get() === undefined) pin?.set(reply.fingerprint)
      return
    }
    if (reply.say === 'took-digest') return this.#open.get(reply.key)?.signIns.tookDigest()
    if (reply.say === 'events') return this.#hearEvents(reply.key, reply.report)
    this.#restarts.worked()
    this.#processes = reply.processes
    const asked = this.#asked.get(reply.id)
    if (!asked) return
    asked.settle()
    if (asked.far) asked.far.facts = reply.facts
    if (reply.say === 'answer') asked.resolve(reply.value)
    else {
      const { code, detail, facts } = reply.problem
      asked.reject(new CameraProblem(isProblemCode(code) ? code : 'work-failed', { detail, facts }))
    }
  }

  #hearEvents(key: number, report: CameraEventReport): void {
    const far = this.#open.get(key)
    // A message is checked, because a hostile camera may have taken over the process.
    far?.onEvents(
      report.is === 'event' ? { is: 'event', event: { ...report.event, device: far.settings.id } } : report,
    )
  }

  /** All requests to a process that hangs or died are refused; the next request gets a new one. */
  #fail(child: ChildProcess, error: Error): void {
    if (this.#child !== child) return
    this.#still.end()
    this.#child = undefined
    this.#processes = 0
    this.#died(error)
    this.#refuseAll(new CameraProblem('work-failed'))
    // Its ffmpeg processes are tied to it, or lose their input.
    child.kill('SIGKILL')
  }

  /** To the process and all its children: they are a group of their own. */
  #sendAll(signal: 'SIGSTOP' | 'SIGCONT'): void {
    const pid = this.#child?.pid
    try {
      if (pid !== undefined) process.kill(-pid, signal)
    } catch {
      // It has just ended, and its own event follows.
    }
  }

  #died(error: Error): void {
    const { clock, log, onFailed } = this.#options
    this.#restarts.died(clock.monotonicMs())
    const { deaths, isLogged } = this.#restarts
    if (isLogged) log.error({ err: error, deaths }, 'camera process failed')
    onFailed?.()
    this.#startLater()
  }

  #startLater(): void {
    if (this.#isStopped) return
    this.#cancelStart ??= this.#options.clock.after(startAgainMs, () => {
      this.#cancelStart = undefined
      if (this.#isStopped || this.#open.size === 0) return
      this.#child ??= this.#start()
      if (!this.#child) this.#startLater()
    })
  }

  #refuseAll(problem: CameraProblem): void {
    for (const { settle, reject } of this.#asked.values()) {
      settle()
      reject(problem)
    }
  }
}

function introduce(child: ChildProcess, far: RemoteCamera): void {
  const known = { pinned: far.pin.get(), hasDigest: far.signIns.hasDigest() }
  tell(child, { do: 'open', key: far.key, camera: { ...far.camera, ...known } })
}

function tell(child: ChildProcess, order: CameraOrder): void {
  // If it is gone, its own event reports it.
  if (child.connected) child.send(order, () => undefined)
}

/**
 * The path, for ffmpeg, and the settings of malloc: the cameras' process gets no other options or proxies of the box.
 */
function smallEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => name === 'PATH' || name.startsWith('MALLOC_'))
  return Object.fromEntries(kept)
}
