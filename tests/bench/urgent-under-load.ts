// How much longer does the PUBACK of a button's press take while 500 devices send routine reports as fast as they can?
// Idle and loaded in turn; compared with Mosquitto, which has no urgency. The devices are other machines: their load
// uses the processor time that the box leaves. The cost when it competes with the box is also printed.
import { constants, setPriority } from 'node:os'
import { createTown, freePort } from '../kits/system/programs.ts'
import { boxEnvironment } from './figures/box-environment.ts'
import { percentile, median, printTable, printVerdict, short } from './figures/figures.ts'
import { Load } from './load/load.ts'
import { startMosquitto } from './load/mosquitto.ts'
import { pause, readOptions } from './options.ts'
import { RawDevice } from './load/raw-device.ts'
import { villageDevices } from './village.ts'

const betweenPressesMs = 10

interface Shape {
  rounds: number
  presses: number
  devices: number
  inFlight: number
  /** The load competes for the box's processors. */
  isSharing?: boolean
}

interface Waits {
  idleMs: number[]
  loadedMs: number[]
}

/**
 * The pressing process has a higher priority than load and broker if the system allows it; otherwise the measured time
 * is that process's wait for a processor (18 ms with Mosquitto). Only while no program is started here.
 */
async function ahead<T>(work: () => Promise<T>): Promise<T> {
  try {
    setPriority(constants.priority.PRIORITY_HIGHEST)
  } catch (error) {
    console.log(`  the button waits for its turn like everybody: ${(error as Error).message}`)
  }
  try {
    return await work()
  } finally {
    setPriority(constants.priority.PRIORITY_NORMAL)
  }
}

async function pressed(port: number, count: number, boot: number): Promise<number[]> {
  let acked: () => void = () => undefined
  const button = new RawDevice('bench-button', { onAck: () => acked() })
  await button.connect(port)
  const waits: number[] = []
  for (let n = 1; n <= count; n++) {
    const startMs = performance.now()
    const answered = new Promise<void>((resolve) => (acked = resolve))
    button.publish(`{"id":"${boot}-${n}","button":"pressed"}`)
    await answered
    waits.push(performance.now() - startMs)
    await pause(betweenPressesMs)
  }
  button.end()
  return waits
}

async function measure(port: number, shape: Shape): Promise<Waits> {
  const waits: Waits = { idleMs: [], loadedMs: [] }
  await pressed(port, 50, 1)
  for (let round = 0; round < shape.rounds; round++) {
    waits.idleMs.push(...(await ahead(() => pressed(port, shape.presses, 2 + round * 2))))
    const load = new Load()
    try {
      await load.ask({ order: 'connect', port, devices: shape.devices })
      if (!shape.isSharing) await load.ask({ order: 'yield' })
      await load.ask({ order: 'saturate', inFlight: shape.inFlight })
      await pause(1000)
      waits.loadedMs.push(...(await ahead(() => pressed(port, shape.presses, 3 + round * 2))))
      await load.ask({ order: 'end' })
    } finally {
      load.close()
    }
    await pause(1000)
  }
  return waits
}

async function ours(shape: Shape): Promise<Waits> {
  const town = await createTown({
    devices: villageDevices(shape.devices),
    uplink: { url: `mqtt://127.0.0.1:${await freePort()}` },
  })
  try {
    await town.startGateway(boxEnvironment())
    return await measure(town.ports.mqtt, shape)
  } finally {
    await town.close()
  }
}

async function peer(shape: Shape): Promise<Waits> {
  const mosquitto = await startMosquitto()
  try {
    return await measure(mosquitto.port, shape)
  } finally {
    await mosquitto.close()
  }
}

export async function runUrgentUnderLoad(args: readonly string[]): Promise<void> {
  const shape = readOptions(args, { rounds: 3, presses: 200, devices: 500, inFlight: 1 })
  const results = [
    ['Mosquitto, keeps nothing', await peer(shape)],
    ['Gengfu', await ours(shape)],
    ['Gengfu, load on its processors', await ours({ ...shape, isSharing: true })],
  ] as const
  printTable(
    `urgent-under-load: PUBACK of a press, ${shape.presses * shape.rounds} presses idle and as many under load`,
    ['', 'idle p50 ms', 'idle p99', 'loaded p50', 'loaded p99', 'p99 loaded / idle'],
    results.map(([name, { idleMs, loadedMs }]) => [
      name,
      short(median(idleMs)),
      short(percentile(idleMs, 0.99)),
      short(median(loadedMs)),
      short(percentile(loadedMs, 0.99)),
      short(percentile(loadedMs, 0.99) / percentile(idleMs, 0.99)),
    ]),
  )
  const { idleMs, loadedMs } = results[1][1]
  const ratio = percentile(loadedMs, 0.99) / percentile(idleMs, 0.99)
  printVerdict('p99 loaded beside p99 idle', ratio, ratio <= 3, 'at most 3')
}
