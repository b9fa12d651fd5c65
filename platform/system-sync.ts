// Whether the system's clock is set, asked of each service that can set it: the kernel (chrony, ntpd and timesyncd
// report to it), then the services' own commands. A box with a receiver or a clock chip that one of them reads is
// synced too.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { arch } from 'node:process'

const timesyncFile = '/run/systemd/timesync/synchronized'
/** Longest wait for a service's answer; a later answer is ignored. */
const answerMsMax = 3000
/**
 * The interval while the clock is not set doubles from the first to the longest; once it is set, a service that stops is
 * noticed too. The start of a command blocks the program for some milliseconds.
 */
const askAgainMs = 10_000
const askAgainMsMax = 60_000
const lookAgainMs = 120_000

/**
 * adjtimex(2) reads without changing anything when its modes are 0; it returns 5 (TIME_ERROR) while no service keeps
 * the clock.
 */
const adjtimexNumber: Partial<Record<string, number>> = {
  x64: 159,
  arm64: 171,
  arm: 124,
  ia32: 124,
  riscv64: 171,
}
const kernelNumber = adjtimexNumber[arch]

interface Question {
  command: string
  words: readonly string[]
  isYes: (answer: string) => boolean
}

/** Every Debian has Perl in its base, and Perl can ask the kernel; others have one of the other commands. */
const kernel: Question[] =
  kernelNumber === undefined
    ? []
    : [
        {
          command: 'perl',
          words: ['-e', `my $b = "\\0" x 512; print syscall(${kernelNumber}, $b);`],
          isYes: (answer) => /^[0-4]$/.test(answer.trim()),
        },
      ]
export const questions: readonly Question[] = [
  ...kernel,
  {
    command: 'timedatectl',
    words: ['show', '-p', 'NTPSynchronized', '--value'],
    isYes: (answer) => answer.trim() === 'yes',
  },
  // The last field is the leap status: "Not synchronised" until a source was found.
  {
    command: 'chronyc',
    words: ['-c', 'tracking'],
    isYes: (answer) => /,(Normal|Insert second|Delete second)\s*$/.test(answer),
  },
  {
    command: 'ntpq',
    words: ['-c', 'rv 0 stratum,leap'],
    isYes: (answer) => /stratum=([1-9]|1[0-5])\b/.test(answer),
  },
]

export type Ask = (command: string, words: readonly string[]) => Promise<string>

/** A command that is not installed costs no process. */
const isInstalled = (command: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, command)))

const askSystem: Ask = (command, words) =>
  new Promise((resolve) => {
    if (!isInstalled(command)) return resolve('')
    execFile(command, [...words], { timeout: answerMsMax, encoding: 'utf8' }, (error, answer) =>
      resolve(error ? '' : answer),
    )
  })

/** True as soon as one of them reports a set clock. */
export async function isSystemSynced(
  ask: Ask = askSystem,
  hasFile: () => boolean = () => existsSync(timesyncFile),
): Promise<boolean> {
  if (hasFile()) return true
  for (const { command, words, isYes } of questions) if (isYes(await ask(command, words))) return true
  return false
}

/** Asks repeatedly, so that callers get the latest answer at once. */
export class SystemSync {
  readonly #ask: () => Promise<boolean>
  readonly #after: (delayMs: number, run: () => void) => () => void
  #isSynced = existsSync(timesyncFile)
  #cancel: () => void = () => undefined
  #isStopped = false
  #delayMs = askAgainMs

  constructor(
    after: (delayMs: number, run: () => void) => () => void,
    ask: () => Promise<boolean> = () => isSystemSynced(),
  ) {
    this.#after = after
    this.#ask = ask
  }

  /** Resolves with the first answer. */
  start(): Promise<void> {
    return this.#look()
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel()
  }

  readonly isSynced = (): boolean => this.#isSynced

  async #look(): Promise<void> {
    this.#isSynced = await this.#ask()
    if (this.#isStopped) return
    if (this.#isSynced) this.#delayMs = lookAgainMs
    this.#cancel = this.#after(this.#delayMs, () => void this.#look())
    this.#delayMs = this.#isSynced ? askAgainMs : Math.min(this.#delayMs * 2, askAgainMsMax)
  }
}

/** Starts asking; `stop` ends it. `first` resolves with the first answer. */
export function watchSystemClock(clock: { after(delayMs: number, run: () => void): () => void }): {
  isSynced: () => boolean
  first: Promise<void>
  stop: () => void
} {
  const sync = new SystemSync((delayMs, run) => clock.after(delayMs, run))
  const first = sync.start()
  return { isSynced: sync.isSynced, first, stop: () => sync.stop() }
}
