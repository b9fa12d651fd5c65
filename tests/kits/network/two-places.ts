// Two network namespaces, a box's and a centre's, and a bad link between them: used by the tests of the uplink on real
// links. Needs root, iproute2, python3 and /dev/net/tun.
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Doors } from './doors.ts'

const run = promisify(execFile)
const beside = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const boxAddress = '10.99.0.1'
const centreAddress = (line: number): string => `10.99.1.${line}`
/** A token bucket of one packet: with a larger one a thin link would begin with a burst. */
const burstBytes = 1600
/** How long packets wait in the modem's own queue before they are dropped. */
const queueMs = 400

/** One line of the link; every line has a separate address of the centre. */
export interface LineFaults {
  /** One way. */
  delayMs: number
  jitterMs: number
  /** False: packets overtake one another. */
  isOrdered: boolean
  lossPercent: number
  duplicatePercent: number
  /** New connections that are reset at once. */
  refusePercent: number
  /** `reset` answers every packet with RST, like a router that lost its tables. */
  cut: 'none' | 'both' | 'up' | 'down' | 'reset'
}

export interface LinkCounts {
  carried: number
  lost: number
  doubled: number
  cut: number
  reset: number
  overtook: number
}

export type Place = 'box' | 'centre'

export interface TwoPlaces {
  /** Prefix of a command line that runs there. */
  wrap: Record<Place, readonly string[]>
  /** The centre's address on each line, line 1 first. */
  addresses: readonly string[]
  /** Sets faults of these lines, by default of all; resolves when they apply, with the counts so far. */
  set(faults: Partial<LineFaults>, lines?: readonly number[]): Promise<LinkCounts>
  /** Limits both directions; undefined lifts the limit. */
  limit(bitsPerSecond: number | undefined): Promise<void>
  /** The kernel's counts of the box's interface, IP headers included. */
  wireBytes(): Promise<{ up: number; down: number }>
  /** Makes a port of that place's loopback reachable here under the same number. */
  openDoor(place: Place, port: number): Promise<void>
  close(): Promise<void>
}

export interface PlacesOptions {
  seed: number
  lines?: number
}

/** The missing part for namespaces on this machine; undefined when complete. */
export async function placesProblem(): Promise<string | undefined> {
  const name = `gf-try-${process.pid}`
  try {
    await run('ip', ['netns', 'add', name])
    await run('ip', ['netns', 'del', name])
    await run('python3', ['-c', 'open("/dev/net/tun", "rb+", buffering=0)'])
    return undefined
  } catch (error) {
    return `no network namespaces here (root, iproute2, python3 and /dev/net/tun are needed): ${String(error)}`
  }
}

export async function createTwoPlaces({ seed, lines = 1 }: PlacesOptions): Promise<TwoPlaces> {
  const mark = `gf${process.pid.toString(36)}`
  const names: Record<Place, string> = { box: `${mark}b`, centre: `${mark}c` }
  const undos: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const undo of undos.splice(0).toReversed()) await undo()
  }
  try {
    const loop = new LinkLoop([names.box, names.centre, String(seed)])
    undos.push(() => loop.end())
    await loop.ready
    const addresses = Array.from({ length: lines }, (_, i) => centreAddress(i + 1))
    const own: Record<Place, readonly string[]> = { box: [boxAddress], centre: addresses }
    const far: Record<Place, string> = { box: '10.99.1.0/24', centre: '10.99.0.0/24' }
    for (const place of ['box', 'centre'] as const) {
      const name = names[place]
      await run('ip', ['netns', 'add', name])
      undos.push(() => run('ip', ['netns', 'del', name]))
      // The device keeps its loop when it moves.
      await run('ip', ['link', 'set', name, 'netns', name])
      const inside = (...args: string[]) => run('ip', ['netns', 'exec', name, ...args])
      await inside('sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1')
      await run('ip', ['-n', name, 'link', 'set', 'lo', 'up'])
      for (const address of own[place]) await run('ip', ['-n', name, 'addr', 'add', address, 'dev', name])
      await run('ip', ['-n', name, 'link', 'set', name, 'up'])
      // The values of a Debian box, whatever this machine uses.
      await run('ip', ['-n', name, 'route', 'add', far[place], 'dev', name, 'congctl', 'cubic'])
    }
    const wrap = { box: ['ip', 'netns', 'exec', names.box], centre: ['ip', 'netns', 'exec', names.centre] }
    const doors: Partial<Record<Place, Promise<Doors>>> = {}
    const openDoors = async (place: Place): Promise<Doors> => {
      const made = new Doors(wrap[place], mark)
      undos.push(() => made.end())
      await made.ready
      return made
    }
    return {
      wrap,
      addresses,
      close,
      set: (faults, only = addresses.map((_, i) => i + 1)) => loop.set(faults, only),
      async limit(bitsPerSecond) {
        for (const name of Object.values(names)) {
          const device = [
            '-n',
            name,
            'qdisc',
            bitsPerSecond === undefined ? 'del' : 'replace',
            'dev',
            name,
            'root',
          ]
          const rate = bitsPerSecond === undefined ? [] : ['tbf', 'rate', `${bitsPerSecond}bit`]
          const queue =
            bitsPerSecond === undefined ? [] : ['burst', `${burstBytes}`, 'latency', `${queueMs}ms`]
          await run('tc', [...device, ...rate, ...queue])
        }
      },
      async wireBytes() {
        const { stdout } = await run('ip', ['-n', names.box, '-s', '-j', 'link', 'show', 'dev', names.box])
        const [link] = JSON.parse(stdout) as { stats64: { rx: { bytes: number }; tx: { bytes: number } } }[]
        return { up: link?.stats64.tx.bytes ?? Number.NaN, down: link?.stats64.rx.bytes ?? Number.NaN }
      },
      async openDoor(place, port) {
        await (await (doors[place] ??= openDoors(place))).open(port)
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** The loop's process: one answer to each command, in order. */
class LinkLoop {
  readonly ready: Promise<void>
  readonly #child: ChildProcess
  readonly #waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = []

  constructor(args: readonly string[]) {
    this.#child = spawn('python3', [beside('./link-loop.py'), ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
    let said = ''
    this.#child.stderr?.on('data', (data: Buffer) => (said += data.toString()))
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) =>
      this.#waiting.shift()?.resolve(line),
    )
    this.#child.once('exit', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`the link's loop ended: ${said}`))
    })
    this.ready = this.#answer().then(() => undefined)
  }

  async set(faults: Partial<LineFaults>, lines: readonly number[]): Promise<LinkCounts> {
    const answer = this.#answer()
    this.#child.stdin?.write(`${JSON.stringify({ lines, faults })}\n`)
    return JSON.parse(await answer) as LinkCounts
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.stdin?.end()
    await ended
  }

  #answer(): Promise<string> {
    if (this.#child.exitCode !== null) return Promise.reject(new Error("the link's loop has ended"))
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }
}
