// How long from a button's press until every open desk gets it, compared with the floor of two syncs and three hops?
// One press at a time, floor and presses in turn.
import { WebSocket } from 'ws'
import { createTown, type TestTown } from '../kits/system/programs.ts'
import { percentile, printTable, printVerdict, short } from './figures/figures.ts'
import { openFloor } from './figures/floor.ts'
import { readOptions } from './options.ts'
import { RawDevice } from './load/raw-device.ts'
import { villageDevices } from './village.ts'

const blockSize = 50
const warmUpPresses = 50
const pressMsMax = 10_000

/** The stream of an open desk. */
export async function openDesk(town: TestTown): Promise<WebSocket> {
  const stream = new WebSocket(`ws://127.0.0.1:${town.ports.http}/api/v1/stream`, {
    headers: { Authorization: `Bearer ${await town.token()}` },
  })
  await new Promise<void>((resolve, reject) => {
    stream.once('message', () => resolve())
    stream.once('error', reject)
  })
  return stream
}

/** Presses once; resolves with the milliseconds until the desk's stream reports it. */
export function press(device: RawDevice, stream: WebSocket, id: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the desk did not hear press ${id}`)), pressMsMax)
    const hear = (data: Buffer): void => {
      const { type, alarm } = JSON.parse(data.toString()) as { type: string; alarm?: { device?: string } }
      if ((type !== 'alarm.raised' && type !== 'alarm.repeated') || alarm?.device !== device.id) return
      clearTimeout(timer)
      stream.off('message', hear)
      resolve(performance.now() - startMs)
    }
    stream.on('message', hear)
    const startMs = performance.now()
    device.publish(`{"id":"${id}","button":"pressed"}`)
  })
}

export async function runPressToDesk(args: readonly string[]): Promise<void> {
  const { presses } = readOptions(args, { presses: 1000 })
  const town = await createTown({ devices: villageDevices(0) })
  const floor = await openFloor(town.folder)
  const device = new RawDevice('bench-button')
  let stream: WebSocket | undefined
  try {
    await town.startCentre()
    await town.startGateway()
    const opened = (stream = await openDesk(town))
    await device.connect(town.ports.mqtt)
    const [pressMs, floorMs]: [number[], number[]] = [[], []]
    for (let made = -warmUpPresses; made < presses;) {
      for (let i = 0; i < blockSize; i++, made++) {
        const ms = await press(device, opened, `1-${made + warmUpPresses + 1}`)
        if (made >= 0) pressMs.push(ms)
      }
      for (let i = 0; i < blockSize; i++) floorMs.push(await floor.sample())
    }
    const row = (name: string, share: number): string[] => {
      const [ours, least] = [percentile(pressMs, share), percentile(floorMs, share)]
      return [name, short(least), short(ours), short(ours / least)]
    }
    printTable(
      `press-to-desk: ${pressMs.length} presses one at a time, ${floorMs.length} samples of the floor, in turn`,
      ['', 'floor ms', 'press to desk ms', 'times the floor'],
      [row('p50', 0.5), row('p90', 0.9), row('p99', 0.99)],
    )
    const ratio = percentile(pressMs, 0.99) / percentile(floorMs, 0.99)
    printVerdict('p99 beside the p99 of the floor', ratio, ratio <= 4, 'at most 4')
  } finally {
    device.end()
    stream?.terminate()
    floor.close()
    await town.close()
  }
}
