// What does one hostile device with a valid password cost a press of another village, and one of its own village, at the
// PUBACK and on the desk? With it and without in turn, in one run; its box has the memory of its unit.
import { fork } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connectAsync, type MqttClient } from 'mqtt'
import type { WebSocket } from 'ws'
import { parse, stringify } from 'yaml'
import { createTown, freePort, Program, runCommand, type TestTown } from '../../kits/system/programs.ts'
import { boxEnvironment } from '../figures/box-environment.ts'
import { createControlGroup } from '../load/control-group.ts'
import { percentile, printTable, printVerdict, short } from '../figures/figures.ts'
import { residentMegabytes } from '../figures/kernel-figures.ts'
import { pause, readOptions } from '../options.ts'
import { openDesk } from '../press-to-desk.ts'
import { villageDevices } from '../village.ts'

const unitFile = new URL('../../../deploy/box/gengfu-gateway.service', import.meta.url)
/** A phase whose figure may be chance is repeated. */
const phaseSeconds = 30
const settleMs = 2000
const betweenPressesMs = 100
const deskMsMax = 60_000
const ratioMax = 2

/** The attacks of `hostile-device-process.ts`, in its order. */
const modeNames = ['connections', 'large payloads', 'alarms', 'poisons', 'presence', 'subscriptions']

interface Waits {
  pubackMs: number[]
  deskMs: number[]
}

function onDesk(stream: WebSocket, device: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const startMs = performance.now()
    const timer = setTimeout(() => reject(new Error('the desk did not hear a press')), deskMsMax)
    const hear = (data: Buffer): void => {
      const { type, alarm } = JSON.parse(data.toString()) as { type: string; alarm?: { device?: string } }
      if ((type !== 'alarm.raised' && type !== 'alarm.repeated') || alarm?.device !== device) return
      clearTimeout(timer)
      stream.off('message', hear)
      resolve(performance.now() - startMs)
    }
    stream.on('message', hear)
  })
}

let pressed = 0

/** A village's button: its connection, its name and what its presses waited for. */
interface Button {
  client: MqttClient
  device: string
  waits: Record<'without' | 'with', Waits>
}

const noWaits = (): Button['waits'] => ({
  without: { pubackMs: [], deskMs: [] },
  with: { pubackMs: [], deskMs: [] },
})

async function press({ client, device, waits }: Button, stream: WebSocket, kind: keyof Button['waits']) {
  const heard = onDesk(stream, device)
  const startMs = performance.now()
  await client.publishAsync(`gengfu/v1/${device}/event`, `{"id":"1-${++pressed}","button":"pressed"}`, {
    qos: 1,
  })
  waits[kind].pubackMs.push(performance.now() - startMs)
  waits[kind].deskMs.push(await heard)
}

const connectButton = (port: number, device: string, password?: string): Promise<MqttClient> =>
  connectAsync(`mqtt://127.0.0.1:${port}`, {
    ...(password && { username: device, password }),
    clientId: device,
    protocolVersion: 4,
    reconnectPeriod: 0,
  })

/** A second village of the same centre. Its box is not attacked. */
async function startOtherVillage(town: TestTown): Promise<{ box: Program; port: number }> {
  const port = await freePort()
  const { uplink } = parse(readFileSync(town.gatewayFile, 'utf8')) as { uplink: object }
  const file = join(town.folder, 'other.yaml')
  writeFileSync(
    file,
    stringify({
      box: { id: '320612104202-1', name: 'other village' },
      dataDir: join(town.folder, 'other'),
      mqtt: { listeners: [{ host: '127.0.0.1', port }], anonymous: true },
      console: { host: '127.0.0.1', port: await freePort() },
      devices: [{ id: 'other-button', kind: 'button' }],
      uplink,
    }),
  )
  const box = new Program(['gateway', '--config', file])
  await box.said('gateway is listening')
  return { box, port }
}

const rowsOf = (name: string, waits: Button['waits']): string[][] =>
  (['pubackMs', 'deskMs'] as const).flatMap((key) =>
    [0.5, 0.99].map((share) => {
      const [calm, attacked] = [percentile(waits.without[key], share), percentile(waits.with[key], share)]
      return [
        `${name}, ${key === 'deskMs' ? 'desk' : 'PUBACK'} p${share * 100}`,
        short(calm),
        short(attacked),
        short(attacked / calm),
      ]
    }),
  )

export async function runHostileDevice(args: readonly string[]): Promise<void> {
  // One way of harm alone, by its place in `modeNames`; all in turn without.
  // The attacked box has a machine of its own; here it may take one of the processors, and the others share the rest.
  const { minutes, mode: only, cores } = readOptions(args, { minutes: 10, mode: -1, cores: 1 })
  const port = await freePort()
  const memory = Number(/^MemoryMax=(\d+)M$/m.exec(readFileSync(unitFile, 'utf8'))?.[1])
  const town = await createTown({
    mqtt: { listeners: [{ host: '127.0.0.1', port }], passwordFile: 'passwords' },
    devices: villageDevices(0),
  })
  const group = createControlGroup(memory, cores)
  const closers: (() => unknown)[] = []
  try {
    const passwordOf = (id: string): Promise<string> =>
      runCommand(['gateway', 'password', '--config', town.gatewayFile, '--device', id])
    const password = await passwordOf('bench-button')
    const hostile = await passwordOf('hostile-1')
    await town.startCentre()
    const gateway = await town.startGateway([...group.wrap, ...boxEnvironment()])
    const other = await startOtherVillage(town)
    closers.push(() => other.box.end('SIGKILL'))
    const stream = await openDesk(town)
    closers.push(() => stream.terminate())
    const buttons: Record<'own' | 'other', Button> = {
      own: {
        client: await connectButton(port, 'bench-button', password),
        device: 'bench-button',
        waits: noWaits(),
      },
      other: {
        client: await connectButton(other.port, 'other-button'),
        device: 'other-button',
        waits: noWaits(),
      },
    }
    for (const { client } of Object.values(buttons)) closers.push(() => client.end(true))
    const attack = { port, password: hostile, only }
    const figures = await measure(gateway, stream, buttons, attack, minutes)
    printFigures(buttons, figures, memory)
    console.log(
      `  most resident ${short(figures.mostMegabytes)} MB; ${group.killed()} processes killed for their memory`,
    )
  } finally {
    for (const close of closers.toReversed()) await close()
    await town.close()
    await pause(500)
    group.remove()
  }
}

interface Figures {
  mostMegabytes: number
  /** Milliseconds to the desk of the own village's presses, by attack. */
  byMode: number[][]
}

async function measure(
  gateway: Program,
  stream: WebSocket,
  buttons: Record<'own' | 'other', Button>,
  attack: { port: number; password: string; only: number },
  minutes: number,
): Promise<Figures> {
  const figures: Figures = { mostMegabytes: 0, byMode: [] }
  const phases = Math.max(2, Math.round((minutes * 60) / phaseSeconds))
  console.log(
    `about ${Math.ceil((2 * phases * (phaseSeconds + 4)) / 60 + 1)} minutes: as long without the device as with it`,
  )
  for (let phase = 0; phase < 2 * phases; phase++) {
    const kind = phase % 2 === 0 ? 'without' : 'with'
    const file = fileURLToPath(new URL('./hostile-device-process.ts', import.meta.url))
    const attacker =
      kind === 'with'
        ? fork(file, [String(attack.port), 'hostile-1', attack.password, String(attack.only)], {
            execArgv: ['--import', 'tsx'],
          })
        : undefined
    let mode = 0
    attacker?.on('message', (told) => (mode = Number(told as number)))
    await pause(settleMs)
    const untilMs = performance.now() + phaseSeconds * 1000
    while (performance.now() < untilMs) {
      if (!gateway.isRunning) throw new Error(`the gateway ended\n${gateway.tail()}`)
      const during = mode
      for (const button of Object.values(buttons)) await press(button, stream, kind)
      if (attacker) (figures.byMode[during] ??= []).push(buttons.own.waits.with.deskMs.at(-1) ?? 0)
      figures.mostMegabytes = Math.max(figures.mostMegabytes, residentMegabytes(gateway.pid))
      await pause(betweenPressesMs)
    }
    attacker?.disconnect()
    const longest = Object.entries(buttons).map(
      ([name, { waits }]) => `${name} ${short(Math.max(0, ...waits[kind].deskMs))}`,
    )
    console.log(
      `  phase ${phase + 1} of ${2 * phases}, ${kind}: longest to the desk in ms: ${longest.join(', ')}`,
    )
    await pause(settleMs)
  }
  return figures
}

function printFigures(buttons: Record<'own' | 'other', Button>, figures: Figures, memory: number): void {
  const { own, other } = buttons
  printTable(
    `hostile-device: ${other.waits.with.deskMs.length} presses of each village beside it, ${other.waits.without.deskMs.length} without; ${memory} MB`,
    ['ms', 'without', 'with', 'times'],
    [...rowsOf('another village', other.waits), ...rowsOf('its own village', own.waits)],
  )
  for (const [at, ms = []] of figures.byMode.entries())
    if (ms.length > 0)
      console.log(
        `  ${modeNames[at]}: ${ms.length} presses of its own village, desk p50 ${short(percentile(ms, 0.5))}, most ${short(Math.max(...ms))} ms`,
      )
  for (const [name, { waits }] of [
    ['another village', other],
    ['its own village', own],
  ] as const)
    for (const key of ['pubackMs', 'deskMs'] as const) {
      const ratio = percentile(waits.with[key], 0.99) / percentile(waits.without[key], 0.99)
      printVerdict(
        `p99 of ${key === 'deskMs' ? 'the desk' : 'the PUBACK'}, ${name}`,
        ratio,
        ratio <= ratioMax,
        `at most ${ratioMax}`,
      )
    }
}
