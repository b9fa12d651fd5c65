// Whether the system's clock is set, asked of each service that can set it: the kernel (chrony, ntpd and timesyncd
// report to it), then the services' own commands. A box with a receiver or a clock chip that one of them reads is
// synced too.
import { lookup } from '../../protocols/kit/parse-json.ts'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { arch } from 'node:process'
import { CommandShell } from '../command-shell.ts'

const timesyncFile = '/run/systemd/timesync/synchronized'
/**
 * The interval while the clock is not set doubles from the first to the longest; once it is set, a service that stops is
 * noticed too.
 */
const askAgainMs = 10_000
const askAgainMsMax = 60_000
const lookAgainMs = 120_000

/**
 * adjtimex(2) reads without changing anything when its modes are 0; it returns 5 (TIME_ERROR) while no service keeps
 * the clock.
 */
const adjtimexNumber: Partial<Record<string, number>> = lookup({
  x64: 159,
  arm64: 171,
  arm: 124,
  ia32: 124,
  riscv64: 171,
})
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

const askThrough =
  (shell: CommandShell): Ask =>
  (command, words) =>
    isInstalled(command) ? shell.ask(command, words) : Promise.resolve('')

/** True as soon as one of them reports a set clock. */
export async function isSystemSynced(
  ask?: Ask,
  hasFile: () => boolean = () => existsSync(timesyncFile),
): Promise<boolean> {
  if (hasFile()) return true
  const shell = new CommandShell()
  const through = ask ?? askThrough(shell)
  try {
    for (const { command, words, isYes } of questions) if (isYes(await through(command, words))) return true
    return false
  } finally {
    shell.stop()
  }
}

/** Asks repeatedly, so that callers get the latest answer at once. */
export class SystemSync {
  readonly #ask: () => Promise<boolean>
  readonly #after: (delayMs: number, run: () => void) => () => void
  #isSynced = existsSync(timesyncFile)
  #cancel: () => void = () => undefined
  #isStopped = false
  #delayMs = askAgainMs

  constructor(after: (delayMs: number, run: () => void) => () => void, ask: () => Promise<boolean>) {
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
    const isSynced = await this.#ask()
    // A stopped shell gives no answer, which is not the answer that the clock is not set.
    if (this.#isStopped) return
    this.#isSynced = isSynced
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
  const shell = new CommandShell()
  const sync = new SystemSync(
    (delayMs, run) => clock.after(delayMs, run),
    () => isSystemSynced(askThrough(shell)),
  )
  const first = sync.start()
  const stop = (): void => {
    sync.stop()
    shell.stop()
  }
  return { isSynced: sync.isSynced, first, stop }
}
