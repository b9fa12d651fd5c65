// Doors into a network namespace: ports of its loopback, reachable here under the same numbers.
import { spawn, type ChildProcess } from 'node:child_process'
import { rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const doorProcess = fileURLToPath(new URL('./door-process.ts', import.meta.url))

/** `wrap` before a command line runs it there. */
export class Doors {
  readonly ready: Promise<void>
  readonly #path: string
  readonly #child: ChildProcess
  readonly #servers: Server[] = []
  readonly #sockets = new Set<Socket>()

  constructor(wrap: readonly string[], mark: string) {
    this.#path = join('/tmp', `gengfu-door-${mark}-${wrap.at(-1) ?? ''}.sock`)
    const [file = '', ...rest] = wrap
    const args = [...rest, process.execPath, '--import', 'tsx', doorProcess, this.#path]
    this.#child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.ready = new Promise((resolve, reject) => {
      this.#child.stdout?.once('data', () => resolve())
      this.#child.once('exit', () => reject(new Error('the door ended')))
    })
  }

  async open(port: number): Promise<void> {
    const server = createServer({ noDelay: true, allowHalfOpen: true }, (visitor) => {
      const inside = connect({ path: this.#path, allowHalfOpen: true })
      for (const [one, other] of [
        [visitor, inside],
        [inside, visitor],
      ] as const) {
        this.#sockets.add(one)
        one.on('error', () => other.destroy())
        one.on('close', () => {
          this.#sockets.delete(one)
          other.destroy()
        })
      }
      inside.write(`${port}\n`)
      visitor.pipe(inside).pipe(visitor)
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
    this.#servers.push(server)
  }

  async end(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))))
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.stdin?.end()
    await ended
    rmSync(this.#path, { force: true })
  }
}
