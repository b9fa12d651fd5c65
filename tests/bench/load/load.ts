// The parent's side of the load process.
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { LoadAnswer, LoadOrder } from './load-process.ts'
import { pause } from '../options.ts'

export class Load {
  readonly #child: ChildProcess

  constructor() {
    this.#child = fork(fileURLToPath(new URL('./load-process.ts', import.meta.url)), [], {
      execArgv: ['--import', 'tsx'],
    })
  }

  ask(order: LoadOrder): Promise<LoadAnswer> {
    return new Promise((resolve, reject) => {
      const fail = (code: number | null): void => reject(new Error(`the load ended with ${code}`))
      this.#child.once('exit', fail)
      this.#child.once('message', (answer: LoadAnswer) => {
        this.#child.off('exit', fail)
        resolve(answer)
      })
      this.#child.send(order)
    })
  }

  /** PUBACKs per second over `seconds`, from now. */
  async rate(seconds: number): Promise<number> {
    const before = await this.ask({ order: 'count' })
    await pause(seconds * 1000)
    const after = await this.ask({ order: 'count' })
    if (after.broken > 0) throw new Error(`${after.broken} connections of the load broke`)
    return ((after.acked - before.acked) / (after.atMs - before.atMs)) * 1000
  }

  close(): void {
    // A load that has ended has no channel any more; why it ended was said by then.
    if (this.#child.connected) this.#child.disconnect()
  }
}
