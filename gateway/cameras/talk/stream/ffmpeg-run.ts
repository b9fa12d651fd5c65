// Runs ffmpeg once, to its end or to its hard deadline: bounded output, never an orphan, never a zombie.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Clock } from '../../../../protocols/kit/clock.ts'
import { CameraProblem } from '../camera-problem.ts'

/** Largest picture from a stream, and most of ffmpeg's error output that is read. */
const pictureBytesMax = 4 * 1024 * 1024
const complaintBytesMax = 4 * 1024
/** A 4K stream takes about 100 MB; more is an attack on a small box. */
const memoryBytesMax = 256 * 1024 * 1024
/** The number of the idle class in `sched_setscheduler`. */
const schedIdle = '5'
/** `-timeout` means "wait for an incoming connection" in ffmpeg 4. */
const versionMin = 5
/**
 * Idle scheduling class: a process that is only nice still holds a processor for some milliseconds when an alarm comes.
 * A sandbox may forbid it.
 */
const gentle = [
  ['chrt', '--idle', '0'],
  ['nice', '-n', '10'],
] as const

/** True if this thread, and so each of its children, already has the idle class: saves one program per start. */
function isIdle(): boolean {
  try {
    const stat = readFileSync('/proc/thread-self/stat', 'latin1')
    // Field 41, counted from behind the name, which may contain spaces.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[38] === schedIdle
  } catch {
    return false
  }
}

export interface FfmpegResult {
  exitCode: number | null
  output: Buffer
  /** May contain the relay's address and a camera's text: to be classified, never shown or logged. */
  complaint: string
}

export interface FfmpegOptions {
  clock: Clock
  command?: string
}

export class Ffmpeg {
  readonly #clock: Clock
  readonly #command: string
  readonly #running = new Map<ChildProcess, (problem: CameraProblem) => void>()
  #isStopped = false
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

  /**
   * Ends all running processes at once and waits until they are reaped: where the box is the first process of a
   * container, no other process reaps them.
   */
  async stop(): Promise<void> {
    this.#isStopped = true
    const ends = [...this.#running].map(([child, kill]) => {
      const ended = once(child, 'close').catch(() => undefined)
      kill(new CameraProblem('stopped'))
      return ended
    })
    await Promise.all(ends)
  }

  /** Once: ffmpeg exists, is new enough, and whether `setpriv` can tie its life to ours. */
  async #check(): Promise<string[]> {
    const limits = { deadlineMs: 10_000, signal: new AbortController().signal }
    const { output } = await this.#spawn(this.#command, ['-version'], '', limits)
    const version = /version n?(\d+)/.exec(output.toString('latin1'))?.[1]
    if (version !== undefined && Number(version) < versionMin) {
      throw new CameraProblem('ffmpeg-old', { detail: version })
    }
    // Killed when we are killed, and bounded, whatever a camera sends. All tools are part of every Debian.
    const tie = ['setpriv', '--pdeathsig', 'KILL', 'prlimit', `--data=${memoryBytesMax}`, `--core=0`]
    for (const prefix of isIdle() ? [tie] : gentle.map((words) => [...words, ...tie])) {
      const [command = '', ...rest] = prefix
      const tied = await this.#spawn(command, [...rest, 'true'], '', limits).catch(() => undefined)
      if (tied?.exitCode === 0) return prefix
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
      if (this.#isStopped) return reject(new CameraProblem('stopped'))
      // No environment but the path: ffmpeg gets no proxy or log setting of ours.
      const child = spawn(command, parameters, {
        stdio: ['pipe', 'pipe', 'pipe'],
        env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
      })
      let failure: CameraProblem | undefined
      const kill = (problem: CameraProblem): void => {
        failure ??= problem
        child.kill('SIGKILL')
        // If a child of ffmpeg keeps a pipe open, the result does not wait for it.
        child.stdout.destroy()
        child.stderr.destroy()
      }
      this.#running.set(child, kill)
      const cancel = this.#clock.after(deadlineMs, () =>
        kill(new CameraProblem('slow', { detail: `${deadlineMs / 1000} s` })),
      )
      const onAbort = (): void =>
        kill(signal.reason instanceof CameraProblem ? signal.reason : new CameraProblem('stopped'))
      signal.addEventListener('abort', onAbort, { once: true })
      const output: Buffer[] = []
      let size = 0
      let complaint = ''
      child.stdout.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > pictureBytesMax) return kill(new CameraProblem('too-large'))
        output.push(chunk)
      })
      child.stderr.on('data', (chunk: Buffer) => {
        if (complaint.length < complaintBytesMax) complaint += chunk.toString('latin1')
      })
      // It may end before it has read everything: its exit code counts, not the broken pipe.
      child.stdin.on('error', () => {})
      child.stdin.end(input)
      const settle = (): void => {
        cancel()
        signal.removeEventListener('abort', onAbort)
        this.#running.delete(child)
      }
      child.on('error', (error) => {
        settle()
        reject(new CameraProblem('ffmpeg-missing', { cause: error }))
      })
      // 'close', not 'exit': only then is everything read and the process reaped.
      child.on('close', (exitCode) => {
        settle()
        if (failure) reject(failure)
        else resolve({ exitCode, output: Buffer.concat(output), complaint })
      })
    })
  }
}
