// Runs ffmpeg once, to its end or to its hard deadline: bounded output, never an orphan, never a zombie.
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../../protocols/kit/clock.ts'
import { CameraProblem } from './camera-problem.ts'
import type { StarterEnd, StarterOrder } from './ffmpeg-starter.ts'

/** The starter ends when nobody needed it for so long, and by force when it does not end a process within the other. */
const starterIdleMs = 5000
const starterKillMs = 2000
/** A 4K stream takes about 100 MB; beyond this it is an attack on a small box. */
const memoryBytesMax = 256 * 1024 * 1024
/** `-timeout` means "wait for a caller" in ffmpeg 4. */
const versionMin = 5
/**
 * Only where nothing else wants to run: what is merely nice still holds a processor for some milliseconds when an alarm
 * comes. A sandbox may forbid the first.
 */
const gentle = [
  ['chrt', '--idle', '0'],
  ['nice', '-n', '10'],
] as const

export interface FfmpegResult {
  exitCode: number | null
  output: Buffer
  /** May hold the relay's address and a camera's own words: to be classified, never shown or logged. */
  complaint: string
}

export interface FfmpegOptions {
  clock: Clock
  command?: string
}

export class Ffmpeg {
  readonly #clock: Clock
  readonly #command: string
  readonly #running = new Map<number, (end: StarterEnd | undefined) => void>()
  #starter: ChildProcess | undefined
  #cancelIdle: (() => void) | undefined
  #lastId = 0
  #prefix: string[] | undefined

  constructor(options: FfmpegOptions) {
    this.#clock = options.clock
    this.#command = options.command ?? 'ffmpeg'
  }

  get running(): number {
    return this.#running.size
  }

  /** Runs with `input` on standard input and the picture on standard output; rejects with a CameraProblem. */
  async run(
    parameters: readonly string[],
    input: string | Uint8Array,
    limits: { deadlineMs: number; signal: AbortSignal },
  ): Promise<FfmpegResult> {
    const prefix = (this.#prefix ??= await this.#check())
    const [command = this.#command, ...rest] = [...prefix, this.#command, ...parameters]
    const result = await this.#spawn(command, rest, input, limits)
    return result
  }

  /** Ends whatever runs, at once. */
  stop(): void {
    this.#dismiss()
  }

  /** Once: ffmpeg is there, new enough, and whether `setpriv` can tie its life to ours. */
  async #check(): Promise<string[]> {
    const limits = { deadlineMs: 10_000, signal: new AbortController().signal }
    const { output } = await this.#spawn(this.#command, ['-version'], '', limits)
    const version = /version n?(\d+)/.exec(output.toString('latin1'))?.[1]
    if (version !== undefined && Number(version) < versionMin) {
      throw new CameraProblem('ffmpeg-old', { detail: version })
    }
    // Killed with us, whatever kills us; and bounded, whatever a camera sends. All are part of every Debian.
    const tie = ['setpriv', '--pdeathsig', 'KILL', 'prlimit', `--data=${memoryBytesMax}`, `--core=0`]
    for (const [command, ...rest] of gentle) {
      const tied = await this.#spawn(command, [...rest, ...tie, 'true'], '', limits).catch(() => undefined)
      if (tied?.exitCode === 0) return [command, ...rest, ...tie]
    }
    return []
  }

  #spawn(
    command: string,
    parameters: readonly string[],
    input: string | Uint8Array,
    { deadlineMs, signal }: { deadlineMs: number; signal: AbortSignal },
  ): Promise<FfmpegResult> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error)
      const starter = this.#hire()
      const id = ++this.#lastId
      let failure: CameraProblem | undefined
      let cancelForce: (() => void) | undefined
      const kill = (problem: CameraProblem): void => {
        failure ??= problem
        tell(starter, { do: 'kill', id })
        cancelForce ??= this.#clock.after(starterKillMs, () => starter.kill('SIGKILL'))
      }
      const cancel = this.#clock.after(deadlineMs, () =>
        kill(new CameraProblem('slow', { detail: `${deadlineMs / 1000} s` })),
      )
      const onAbort = (): void =>
        kill(signal.reason instanceof CameraProblem ? signal.reason : new CameraProblem('stopped'))
      signal.addEventListener('abort', onAbort, { once: true })
      this.#running.set(id, (end) => {
        cancel()
        cancelForce?.()
        signal.removeEventListener('abort', onAbort)
        this.#running.delete(id)
        if (failure || !end) reject(failure ?? new CameraProblem('stopped'))
        else if (end.problem) reject(new CameraProblem(end.problem))
        else resolve({ exitCode: end.exitCode, output: Buffer.from(end.output), complaint: end.complaint })
        if (this.#running.size === 0 && this.#starter) this.#rest(this.#starter)
      })
      // No environment but the path: a proxy or log setting of ours is none of ffmpeg's business.
      const path = process.env['PATH'] ?? '/usr/bin:/bin'
      tell(starter, { do: 'start', id, command, parameters: [...parameters], path, input })
    })
  }

  /** The process that starts others for us; a new one when there is none. */
  #hire(): ChildProcess {
    this.#cancelIdle?.()
    this.#cancelIdle = undefined
    const starter = (this.#starter ??= this.#open())
    starter.channel?.ref()
    return starter
  }

  #open(): ChildProcess {
    const isSource = import.meta.url.endsWith('.ts')
    const file = fileURLToPath(new URL(`./ffmpeg-starter.${isSource ? 'ts' : 'js'}`, import.meta.url))
    const starter = fork(file, [], {
      execArgv: [
        ...(isSource ? ['--import', 'tsx'] : []),
        '--max-old-space-size=32',
        '--max-semi-space-size=1',
      ],
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', UV_THREADPOOL_SIZE: '1' },
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    starter.unref()
    starter.on('message', (end: StarterEnd) => this.#running.get(end.id)?.(end))
    const gone = (): void => {
      if (this.#starter !== starter) return
      this.#starter = undefined
      for (const settle of this.#running.values()) settle(undefined)
    }
    starter.once('exit', gone)
    starter.once('error', gone)
    return starter
  }

  #rest(starter: ChildProcess): void {
    // The program may end meanwhile.
    starter.channel?.unref()
    this.#cancelIdle = this.#clock.after(starterIdleMs, () => this.#dismiss())
  }

  /** It ends with all that it runs once it hears nothing of us any more. */
  #dismiss(): void {
    this.#cancelIdle?.()
    this.#cancelIdle = undefined
    const starter = this.#starter
    this.#starter = undefined
    if (starter?.connected === true) starter.disconnect()
    for (const settle of this.#running.values()) settle(undefined)
  }
}

const tell = (starter: ChildProcess, order: StarterOrder): void => {
  // A starter that is gone says so itself.
  if (starter.connected) starter.send(order, () => undefined)
}
