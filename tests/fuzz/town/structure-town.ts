// Structural fuzz of the built programs: a hostile device, box, client and streams beside honest ones, on and off in turn. Does
// everything stay up, is nothing honest lost, and how much later is it answered than without them?
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { connectAsync, type MqttClient } from 'mqtt'
import type { WebSocket } from 'ws'
import type { EventsAnswer } from '../../../protocols/desk/api.ts'
import { boxEnvironment } from '../../bench/figures/box-environment.ts'
import { percentile } from '../../bench/figures/figures.ts'
import { pause } from '../../bench/options.ts'
import { openDesk } from '../../bench/press-to-desk.ts'
import { makeAlarm, TestBox } from '../../contract/centre/centre-parts.ts'
import { createTown, runCommand, type Program, type TestTown } from '../../kits/system/programs.ts'

export interface StructureTownOptions {
  seed: number
  /** Of the attack; the honest ones alone take as long again. */
  minutes: number
  progress: (text: string) => void
}

const waitNames = ['press to PUBACK', 'press to desk', 'red of another box to PUBACK'] as const
type Waits = Record<(typeof waitNames)[number], number[]>

export interface StructureTownResult {
  /** Mutated messages that were sent. */
  messages: number
  faults: string[]
  calm: Waits
  attacked: Waits
}

const phaseMs = 15_000
const settleMs = 2000
const betweenMs = 100
const deskMsMax = 60_000
/** The p99 with the hostile ones, as a multiple of that without. */
export const waitFactorMax = 2
const button = 'honest-1'
const village = 'honest-2'

const noWaits = (): Waits => ({
  'press to PUBACK': [],
  'press to desk': [],
  'red of another box to PUBACK': [],
})

function onDesk(stream: WebSocket): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      stream.off('message', hear)
      reject(new Error('a press was not on the desk'))
    }, deskMsMax)
    const hear = (data: Buffer): void => {
      const { type, alarm } = JSON.parse(data.toString()) as { type: string; alarm?: { device?: string } }
      if ((type !== 'alarm.raised' && type !== 'alarm.repeated') || alarm?.device !== button) return
      clearTimeout(timer)
      stream.off('message', hear)
      resolve(performance.now())
    }
    stream.on('message', hear)
  })
}

/** The honest button, the honest box, and what they have been acknowledged. */
class Honest {
  readonly faults: string[] = []
  pressed = 0
  reported = 0
  readonly #client: MqttClient
  readonly #box: TestBox
  readonly #stream: WebSocket

  constructor(client: MqttClient, box: TestBox, stream: WebSocket) {
    this.#client = client
    this.#box = box
    this.#stream = stream
  }

  async during(ms: number, waits: Waits): Promise<void> {
    const endMs = performance.now() + ms
    const repeat = async (once: () => Promise<void>): Promise<void> => {
      while (performance.now() < endMs && this.faults.length === 0) {
        await once().catch((error: unknown) =>
          this.faults.push(error instanceof Error ? error.message : 'thrown'),
        )
        await pause(betweenMs)
      }
    }
    await Promise.all([repeat(() => this.#press(waits)), repeat(() => this.#report(waits))])
  }

  async #press(waits: Waits): Promise<void> {
    const heard = onDesk(this.#stream)
    const startMs = performance.now()
    const id = `1-${this.pressed + 1}`
    await this.#client.publishAsync(`gengfu/v1/${button}/event`, `{"id":"${id}","button":"pressed"}`, {
      qos: 1,
    })
    waits['press to PUBACK'].push(performance.now() - startMs)
    this.pressed++
    waits['press to desk'].push((await heard) - startMs)
  }

  async #report(waits: Waits): Promise<void> {
    const startMs = performance.now()
    const sequence = this.reported + 1
    await this.#box.report('red', sequence, [makeAlarm(sequence, 'raised', { id: `sos-${sequence}` })])
    waits['red of another box to PUBACK'].push(performance.now() - startMs)
    this.reported++
  }

  /** Acknowledged messages that are not at the centre exactly once. */
  async losses(town: TestTown): Promise<string[]> {
    const endMs = performance.now() + deskMsMax
    for (;;) {
      const presses = await countOf(town, town.boxId, button)
      const reds = await countOf(town, village)
      const isAll = presses === this.pressed && reds === this.reported
      if (isAll) return []
      if (performance.now() > endMs)
        return [
          `${presses} of ${this.pressed} presses and ${reds} of ${this.reported} reds are at the centre`,
        ]
      await pause(1000)
    }
  }

  async end(): Promise<void> {
    this.#stream.terminate()
    this.#client.end(true)
    await this.#box.end()
  }
}

/** Different events of a device, or alarms of a box; one that is stored twice counts as none. */
async function countOf(town: TestTown, box: string, device?: string): Promise<number> {
  const seen = new Map<string, number>()
  for (let after = '', isEnd = false; !isEnd;) {
    const page = await town.get<EventsAnswer>(`/api/v1/events?box=${box}&limit=500&after=${after}`)
    for (const { record } of page.events) {
      const name =
        record.type === 'event' && record.device === device
          ? record.messageId
          : record.type === 'alarm' && device === undefined
            ? record.alarm.id
            : undefined
      if (name !== undefined) seen.set(name, (seen.get(name) ?? 0) + 1)
    }
    after = page.next
    isEnd = page.isEnd
  }
  return [...seen.values()].filter((times) => times === 1).length
}

class Attacker {
  messages = 0
  readonly #child: ChildProcess

  constructor(town: TestTown, token: string, seed: number) {
    const { mqtt, uplink, http } = town.ports
    const file = fileURLToPath(new URL('./structure-town-attacker.ts', import.meta.url))
    const args = [mqtt, uplink, http, token, seed].map(String)
    this.#child = fork(file, args, { execArgv: ['--import', 'tsx'] })
    this.#child.on('message', (sent) => (this.messages = Number(sent as number)))
  }

  order(what: 'on' | 'off'): void {
    if (this.#child.connected) this.#child.send(what)
  }

  end(): void {
    if (this.#child.connected) this.#child.disconnect()
  }
}

export async function runStructureTown(options: StructureTownOptions): Promise<StructureTownResult> {
  const { seed, minutes, progress } = options
  const town = await createTown({ devices: [{ id: button, kind: 'button' }] })
  const [calm, attacked] = [noWaits(), noWaits()]
  let attacker: Attacker | undefined
  let honest: Honest | undefined
  try {
    const programs = [await town.startCentre(), await town.startGateway(boxEnvironment())]
    const token = await runCommand([
      'centre',
      'token',
      '--config',
      town.centreFile,
      '--role',
      'operator',
      '--name',
      'fuzz',
    ])
    const client = await connectAsync(`mqtt://127.0.0.1:${town.ports.mqtt}`, {
      clientId: button,
      protocolVersion: 4,
      reconnectPeriod: 0,
    })
    const box = await new TestBox(`mqtt://127.0.0.1:${town.ports.uplink}`, village).ready()
    honest = new Honest(client, box, await openDesk(town))
    attacker = new Attacker(town, token, seed)
    await honest.during(settleMs, noWaits())
    const phases = Math.max(2, Math.round((minutes * 60_000) / phaseMs))
    for (let phase = 0; phase < 2 * phases && honest.faults.length === 0; phase++) {
      const isAttack = phase % 2 === 1
      attacker.order(isAttack ? 'on' : 'off')
      await honest.during(settleMs, noWaits())
      await honest.during(phaseMs, isAttack ? attacked : calm)
    }
    attacker.order('off')
    await pause(settleMs)
    progress(`the built programs: ${attacker.messages} messages`)
    const faults = [
      ...honest.faults,
      ...endedOf(programs),
      ...(await honest.losses(town)),
      ...lateOf(calm, attacked),
    ]
    return { messages: attacker.messages, faults, calm, attacked }
  } finally {
    attacker?.end()
    await honest?.end()
    await town.close()
  }
}

const endedOf = (programs: readonly Program[]): string[] =>
  programs.flatMap((program) => (program.isRunning ? [] : [`a program ended\n${program.tail()}`]))

/** One line for each way that honest messages go: both figures. */
export function waitLines(calm: Waits, attacked: Waits): string[] {
  return waitNames.map((name) => {
    const [without, beside] = [percentile(calm[name], 0.99), percentile(attacked[name], 0.99)]
    const counts = `${calm[name].length} without, ${attacked[name].length} with`
    return `${name}: p99 ${without.toFixed(1)} ms without, ${beside.toFixed(1)} ms with (${counts}): ${(beside / without).toFixed(2)} x`
  })
}

function lateOf(calm: Waits, attacked: Waits): string[] {
  return waitNames.flatMap((name) => {
    const factor = percentile(attacked[name], 0.99) / percentile(calm[name], 0.99)
    return factor > waitFactorMax ? [`${name} took ${factor.toFixed(2)} times as long (p99)`] : []
  })
}
