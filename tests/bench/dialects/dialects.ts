// How long from a press to the desk of a real centre by each dialect, compared with a native press in the same run? One
// press at a time, native and bought in turn.
import { join } from 'node:path'
import type { WebSocket } from 'ws'
import { freePort } from '../../kits/sip/peers.ts'
import { createTown, type TestTown } from '../../kits/system/programs.ts'
import { parse, stringify } from 'yaml'
import { readFileSync, writeFileSync } from 'node:fs'
import { percentile, printTable, printVerdict, short } from '../figures/figures.ts'
import { pause, readOptions } from '../options.ts'
import { openDesk, press } from '../press-to-desk.ts'
import { RawDevice } from '../load/raw-device.ts'
import { villageDevices } from '../village.ts'
import { pushWay, simulatedWays } from './broker-ways.ts'
import { busWay, cameraWay, panelWay, recorderWay } from './line-ways.ts'
import type { PressWay } from './press-way.ts'

const pressMsMax = 20_000
/** Between two presses: no dialect takes them for one. */
const pauseMs = 30
const ratioMax = 2

/** Sends the press; resolves with the milliseconds until the desk has its alarm. */
function pressBy({ name, kind }: PressWay, stream: WebSocket, send: () => void): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the desk did not hear a press by ${name}`)), pressMsMax)
    const hear = (data: Buffer): void => {
      const { type, alarm } = JSON.parse(data.toString()) as {
        type: string
        alarm?: { device?: string; kind?: string }
      }
      if (type !== 'alarm.raised' && type !== 'alarm.repeated') return
      if (alarm?.kind !== kind || alarm.device === 'bench-button') return
      clearTimeout(timer)
      stream.off('message', hear)
      resolve(performance.now() - startMs)
    }
    stream.on('message', hear)
    const startMs = performance.now()
    send()
  })
}

interface Times {
  native: number[]
  bought: number[]
}

async function compare(way: PressWay, pressNative: () => Promise<number>, desk: WebSocket, presses: number) {
  const times: Times = { native: [], bought: [] }
  for (let made = -way.warmUp; made < presses; made++) {
    const send = await way.ready()
    if (made >= 0) times.native.push(await pressNative())
    await pause(pauseMs)
    const ms = await pressBy(way, desk, send)
    if (made >= 0) times.bought.push(ms)
    await pause(pauseMs)
  }
  return times
}

const rowOf = (name: string, { native, bought }: Times): string[] => {
  const figures = [0.5, 0.99].flatMap((share) => {
    const [ours, theirs] = [percentile(native, share), percentile(bought, share)]
    return [short(ours), short(theirs), short(theirs / ours)]
  })
  return [name, ...figures]
}

async function createWays(presses: number, tokenFile: string, passwordFile: string) {
  const ports = []
  for (let left = 5; left > 0; left--) ports.push(await freePort())
  const [push = 0, panel = 0, recorder = 0, camera = 0, bus = 0] = ports
  const ways = [
    ...simulatedWays(),
    pushWay(push, tokenFile),
    panelWay(panel),
    recorderWay(recorder, presses + 10),
    cameraWay(camera, passwordFile),
    busWay(bus),
  ]
  return { ways, push }
}

/** The ways need files in the town's folder, and the town's box the ways' entries. */
function configure({ gatewayFile }: TestTown, ways: readonly PressWay[], push: number): void {
  const config = parse(readFileSync(gatewayFile, 'utf8')) as object
  const bridges = ways.flatMap((way) => way.config.bridges)
  const devices = [...villageDevices(0), ...ways.flatMap((way) => way.config.devices)]
  writeFileSync(gatewayFile, stringify({ ...config, bridges, devices, push: { port: push } }))
}

export async function runDialects(args: readonly string[]): Promise<void> {
  const { presses } = readOptions(args, { presses: 100 })
  const town = await createTown()
  const device = new RawDevice('bench-button')
  let stream: WebSocket | undefined
  try {
    const { ways, push } = await createWays(
      presses,
      join(town.folder, 'token'),
      join(town.folder, 'password'),
    )
    configure(town, ways, push)
    await town.startCentre()
    await town.startGateway()
    const desk = (stream = await openDesk(town))
    await device.connect(town.ports.mqtt)
    let pressed = 0
    const pressNative = (): Promise<number> => press(device, desk, `1-${++pressed}`)
    for (let left = 50; left > 0; left--) await pressNative()
    const rows: string[][] = []
    let worst = 0
    for (const way of ways) {
      try {
        await way.open(town.ports.mqtt)
        const times = await compare(way, pressNative, desk, presses)
        worst = Math.max(worst, percentile(times.bought, 0.5) / percentile(times.native, 0.5))
        rows.push(rowOf(way.name, times))
        console.error(`${way.name}: ${times.bought.length} presses`)
      } finally {
        await way.close()
      }
    }
    printTable(
      `dialects: ${presses} presses by each to the desk, in turn with native ones, ms`,
      ['', 'native p50', 'p50', 'ratio', 'native p99', 'p99', 'ratio'],
      rows,
    )
    printVerdict('worst median beside native', worst, worst <= ratioMax, `at most ${ratioMax}`)
  } finally {
    device.end()
    stream?.terminate()
    await town.close()
  }
}
