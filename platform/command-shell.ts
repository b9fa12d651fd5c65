// A shell that is started at the first question and then starts the commands: to start one itself stops a program of some
// hundred megabytes for 10 to 30 ms each time, and nothing is acknowledged meanwhile.
import { spawn, type ChildProcess } from 'node:child_process'
import { Socket } from 'node:net'

const commandSDefault = 3
/** Beyond the time of a command, until it is killed and its answer is read; a shell that takes longer is stuck itself. */
const graceS = 2
const answerBytesMax = 4096
const answersMax = 16
/** Ends the output of a command that succeeded. */
const successMark = '\u0001'

/**
 * Ends with its input, so with this program. A zero byte ends each answer, so the output has none. `head` has a limit of
 * its own: a process that a command left in the background may hold the output open.
 */
const scriptOf = (seconds: number): string =>
  `while read -r line; do ` +
  `{ timeout -k 1 ${seconds} sh -c "$line" </dev/null 2>/dev/null && printf '\\001'; } ` +
  `| timeout ${seconds + 1} head -c ${answerBytesMax + 1} | tr -d '\\000'; printf '\\0'; done`

const quote = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`

export interface CommandShellOptions {
  environment?: NodeJS.ProcessEnv
  /** Whole seconds that a command may take; 3 without it. */
  seconds?: number
}

/** One shell and the answers that wait for it. */
export class CommandShell {
  #child: ChildProcess | undefined
  #text = ''
  #waiting: ((answer: string) => void)[] = []
  #deadline: NodeJS.Timeout | undefined
  #isStopped = false
  readonly #environment: NodeJS.ProcessEnv
  readonly #seconds: number

  constructor({ environment = process.env, seconds = commandSDefault }: CommandShellOptions = {}) {
    this.#environment = environment
    this.#seconds = seconds
  }

  /**
   * What `command` writes to its output, one command after the other. Empty when it fails, takes longer than `seconds`
   * or writes more than 4 KiB, when 16 questions wait already, when the shell cannot start, and after `stop`. `words`
   * hold no line breaks.
   */
  ask(command: string, words: readonly string[]): Promise<string> {
    return new Promise((resolve) => {
      if (this.#isStopped || this.#waiting.length >= answersMax) return resolve('')
      this.#waiting.push(resolve)
      try {
        this.#child ??= this.#start()
        this.#child.stdin?.write(`exec ${[command, ...words].map(quote).join(' ')}\n`)
      } catch {
        // No memory for another process.
        return this.#end()
      }
      this.#hold(true)
      if (this.#waiting.length === 1) this.#waitForFirst()
    })
  }

  /** For good: each later question is answered with nothing. */
  stop(): void {
    this.#isStopped = true
    this.#end()
  }

  #start(): ChildProcess {
    const child: ChildProcess = spawn('sh', ['-c', scriptOf(this.#seconds)], {
      env: this.#environment,
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    const end = (): void => {
      if (this.#child === child) this.#end()
    }
    child.on('error', end)
    child.on('exit', end)
    // Without a free file descriptor the child has no pipes, and only its error comes.
    child.stdin?.on('error', end)
    child.stdout?.setEncoding('latin1').on('data', (text: string) => {
      if (this.#child === child) this.#hear(text)
    })
    return child
  }

  #hear(text: string): void {
    const answers = (this.#text + text).split('\0')
    this.#text = answers.pop() ?? ''
    for (const answer of answers)
      this.#waiting.shift()?.(answer.endsWith(successMark) ? answer.slice(0, -successMark.length) : '')
    if (answers.length > 0) this.#waitForFirst()
    if (this.#waiting.length === 0) this.#hold(false)
  }

  /** Each command has its own time, from when its turn comes. A process that the kernel does not end blocks the shell. */
  #waitForFirst(): void {
    clearTimeout(this.#deadline)
    if (this.#waiting.length === 0) return
    this.#deadline = setTimeout(() => this.#end(), (this.#seconds + graceS) * 1000).unref()
  }

  /** A shell without a question never keeps the program from ending. */
  #hold(isHeld: boolean): void {
    for (const one of [this.#child, this.#child?.stdin, this.#child?.stdout]) {
      if (!one || (!('pid' in one) && !(one instanceof Socket))) continue
      if (isHeld) one.ref()
      else one.unref()
    }
  }

  /** Kills the shell and answers all that wait with nothing; the next question starts another one. */
  #end(): void {
    clearTimeout(this.#deadline)
    this.#hold(false)
    this.#child?.kill('SIGKILL')
    this.#child = undefined
    this.#text = ''
    for (const resolve of this.#waiting.splice(0)) resolve('')
  }
}
