// How many durable PUBACKs per second does the whole pipeline give 500 devices, compared with Mosquitto, which stores
// nothing? Same load, same run, alternating; with the uplink to a running centre and without one.
import { createTown, freePort } from '../kits/system/programs.ts'
import { boxEnvironment } from './figures/box-environment.ts'
import { median, printTable, printVerdict, short } from './figures/figures.ts'
import { processorSeconds } from './figures/kernel-figures.ts'
import { Load } from './load/load.ts'
import { startMosquitto } from './load/mosquitto.ts'
import { pause, readOptions } from './options.ts'
import { villageDevices } from './village.ts'

interface Measured {
  perSecond: number
  /** Processor time of the broker's process for one event, microseconds. */
  costUs: number
}

interface Shape {
  devices: number
  inFlight: number
  seconds: number
}

async function underLoad(port: number, pid: number, shape: Shape): Promise<Measured> {
  const load = new Load()
  try {
    await load.ask({ order: 'connect', port, devices: shape.devices })
    await load.ask({ order: 'saturate', inFlight: shape.inFlight })
    await pause(1500)
    const [spent, fromMs] = [processorSeconds(pid), performance.now()]
    const perSecond = await load.rate(shape.seconds)
    const seconds = (performance.now() - fromMs) / 1000
    return { perSecond, costUs: ((processorSeconds(pid) - spent) / (perSecond * seconds)) * 1e6 }
  } finally {
    load.close()
  }
}

async function peer(shape: Shape): Promise<Measured> {
  const mosquitto = await startMosquitto()
  try {
    return await underLoad(mosquitto.port, mosquitto.pid, shape)
  } finally {
    await mosquitto.close()
  }
}

async function ours(shape: Shape, hasCentre: boolean): Promise<Measured> {
  const uplink = hasCentre ? {} : { uplink: { url: `mqtt://127.0.0.1:${await freePort()}` } }
  const town = await createTown({ devices: villageDevices(shape.devices), ...uplink })
  try {
    if (hasCentre) await town.startCentre()
    const gateway = await town.startGateway(boxEnvironment())
    return await underLoad(town.ports.mqtt, gateway.pid, shape)
  } finally {
    await town.close()
  }
}

export async function runIntake(args: readonly string[]): Promise<void> {
  const options = readOptions(args, { rounds: 3, seconds: 4, devices: 500, inFlight: 0 })
  const shapes = options.inFlight > 0 ? [options.inFlight] : [1, 4]
  for (const inFlight of shapes) {
    const shape = { devices: options.devices, seconds: options.seconds, inFlight }
    const names = ['Mosquitto, keeps nothing', 'Gengfu, no link', 'Gengfu, sending to a centre'] as const
    const runs = [(): Promise<Measured> => peer(shape), () => ours(shape, false), () => ours(shape, true)]
    const measured: Measured[][] = [[], [], []]
    for (let round = 0; round < options.rounds; round++)
      for (const [at, run] of runs.entries()) measured[at]?.push(await run())
    const peers = measured[0] ?? []
    const ratios = measured.map((list) =>
      median(list.map(({ perSecond }, round) => perSecond / (peers[round]?.perSecond ?? Number.NaN))),
    )
    printTable(
      `intake: ${shape.devices} devices, ${inFlight} in flight each, median of ${options.rounds} rounds`,
      ['', 'PUBACK/s', 'beside the peer', 'CPU us/event'],
      names.map((name, at) => [
        name,
        short(median((measured[at] ?? []).map(({ perSecond }) => perSecond))),
        short(ratios[at] ?? Number.NaN),
        short(median((measured[at] ?? []).map(({ costUs }) => costUs))),
      ]),
    )
    for (const at of [1, 2])
      printVerdict(names[at] ?? '', ratios[at] ?? 0, (ratios[at] ?? 0) >= 0.5, 'at least 0.5')
  }
}
