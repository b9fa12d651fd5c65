// A shell that is started once, early, and then starts commands: to start one itself stops a program of some hundred
// megabytes for 10 to 30 ms each time, and nothing is acknowledged meanwhile.
import { spawn, type ChildProcess } from 'node:child_process'
import { Socket } from 'node:net'

/** Seconds that a command may take; then its answer is what it has written. */
const commandSMax = 3
const answerBytesMax = 4096
const answersMax = 16

/** Ends with its input, so with this program. A zero byte ends each answer. */
const script = `while read -r line; do timeout ${commandSMax} sh -c "$line" </dev/null 2>/dev/null | head -c ${answerBytesMax}; printf '\\0'; done`

const quote = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`

/** One shell and the answers that wait for it. */
export class CommandShell {
  #child: ChildProcess | undefined
  #text = ''
  #waiting: ((answer: string) => void)[] = []
  readonly #environment: NodeJS.ProcessEnv

  constructor(environment: NodeJS.ProcessEnv = process.env) {
    this.#environment = environment
  }

  /**
   * What `command` writes to its output, at most 4 KiB, one command after the other; empty when it fails, takes longer
   * than 3 s, or the shell cannot start. `words` hold no line breaks.
   */
  ask(command: string, words: readonly string[]): Promise<string> {
    return new Promise((resolve) => {
      if (this.#waiting.length >= answersMax) return resolve('')
      this.#child ??= this.#start()
      this.#waiting.push(resolve)
      this.#hold(true)
      this.#child.stdin?.write(`exec ${[command, ...words].map(quote).join(' ')}\n`)
    })
  }

  stop(): void {
    this.#child?.stdin?.end()
    this.#end()
  }

  #start(): ChildProcess {
    const child = spawn('sh', ['-c', script], { env: this.#environment, stdio: ['pipe', 'pipe', 'ignore'] })
    const end = (): void => {
      if (this.#child === child) this.#end()
    }
    child.on('error', end)
    child.on('exit', end)
    child.stdin.on('error', end)
    child.stdout.setEncoding('latin1').on('data', (text: string) => this.#hear(text))
    return child
  }

  #hear(text: string): void {
    const answers = (this.#text + text).split('\0')
    this.#text = answers.pop() ?? ''
    for (const answer of answers) this.#waiting.shift()?.(answer)
    if (this.#waiting.length === 0) this.#hold(false)
  }

  /** A shell without a question never keeps the program from ending. */
  #hold(isHeld: boolean): void {
    for (const one of [this.#child, this.#child?.stdin, this.#child?.stdout]) {
      if (!one || (!('pid' in one) && !(one instanceof Socket))) continue
      if (isHeld) one.ref()
      else one.unref()
    }
  }

  #end(): void {
    this.#child = undefined
    this.#text = ''
    for (const resolve of this.#waiting.splice(0)) resolve('')
  }
}
