// What does one hostile device with a valid password cost another device's press, at its PUBACK and on the desk? With
// it and without in turn, in one run; the box has the memory of its unit.
import { fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { connectAsync, type MqttClient } from 'mqtt'
import type { WebSocket } from 'ws'
import { createTown, freePort, runCommand } from '../../kits/system/programs.ts'
import { boxEnvironment } from '../figures/box-environment.ts'
import { createControlGroup } from '../load/control-group.ts'
import { percentile, printTable, printVerdict, short } from '../figures/figures.ts'
import { residentMegabytes } from '../figures/kernel-figures.ts'
import { pause, readOptions } from '../options.ts'
import { openDesk } from '../press-to-desk.ts'
import { villageDevices } from '../village.ts'

const unitFile = new URL('../../../deploy/box/gengfu-gateway.service', import.meta.url)
const cores = 2
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

async function press(client: MqttClient, stream: WebSocket, device: string, waits: Waits): Promise<void> {
  const heard = onDesk(stream, device)
  const startMs = performance.now()
  await client.publishAsync(`gengfu/v1/${device}/event`, `{"id":"1-${++pressed}","button":"pressed"}`, {
    qos: 1,
  })
  waits.pubackMs.push(performance.now() - startMs)
  waits.deskMs.push(await heard)
}

export async function runHostileDevice(args: readonly string[]): Promise<void> {
  // One way of harm alone, by its place in `modeNames`; all in turn without.
  const { minutes, mode: only } = readOptions(args, { minutes: 10, mode: -1 })
  const port = await freePort()
  const memory = Number(/^MemoryMax=(\d+)M$/m.exec(readFileSync(unitFile, 'utf8'))?.[1])
  const town = await createTown({
    mqtt: { listeners: [{ host: '127.0.0.1', port }], passwordFile: 'passwords' },
    devices: villageDevices(0),
  })
  const group = createControlGroup(memory, cores)
  let stream: WebSocket | undefined
  let client: MqttClient | undefined
  let mostMegabytes = 0
  const byMode: number[][] = []
  const waits: Record<'without' | 'with', Waits> = {
    without: { pubackMs: [], deskMs: [] },
    with: { pubackMs: [], deskMs: [] },
  }
  try {
    const passwordOf = (id: string): Promise<string> =>
      runCommand(['gateway', 'password', '--config', town.gatewayFile, '--device', id])
    const password = await passwordOf('bench-button')
    const hostile = await passwordOf('hostile-1')
    await town.startCentre()
    const gateway = await town.startGateway([...group.wrap, ...boxEnvironment()])
    stream = await openDesk(town)
    const honest = (client = await connectAsync(`mqtt://127.0.0.1:${port}`, {
      username: 'bench-button',
      password,
      clientId: 'bench-button',
      protocolVersion: 4,
      reconnectPeriod: 0,
    }))
    const phases = Math.max(2, Math.round((minutes * 60) / phaseSeconds))
    console.log(
      `about ${Math.ceil((2 * phases * (phaseSeconds + 4)) / 60 + 1)} minutes: as long without the device as with it`,
    )
    for (let phase = 0; phase < 2 * phases; phase++) {
      const kind = phase % 2 === 0 ? 'without' : 'with'
      const file = fileURLToPath(new URL('./hostile-device-process.ts', import.meta.url))
      const attacker =
        kind === 'with'
          ? fork(file, [String(port), 'hostile-1', hostile, String(only)], { execArgv: ['--import', 'tsx'] })
          : undefined
      let mode = 0
      attacker?.on('message', (told) => (mode = Number(told as number)))
      await pause(settleMs)
      const untilMs = performance.now() + phaseSeconds * 1000
      while (performance.now() < untilMs) {
        if (!gateway.isRunning) throw new Error(`the gateway ended\n${gateway.tail()}`)
        const during = mode
        await press(honest, stream, 'bench-button', waits[kind])
        if (attacker) (byMode[during] ??= []).push(waits.with.deskMs.at(-1) ?? 0)
        mostMegabytes = Math.max(mostMegabytes, residentMegabytes(gateway.pid))
        await pause(betweenPressesMs)
      }
      attacker?.disconnect()
      const most = Math.max(0, ...waits[kind].deskMs)
      console.log(
        `  phase ${phase + 1} of ${2 * phases}: ${waits[kind].deskMs.length} presses ${kind}, longest ${short(most)} ms`,
      )
      await pause(settleMs)
    }
    const row = (name: string, key: keyof Waits, share: number): string[] => {
      const [calm, attacked] = [percentile(waits.without[key], share), percentile(waits.with[key], share)]
      return [name, short(calm), short(attacked), short(attacked / calm)]
    }
    printTable(
      `hostile-device: ${waits.with.deskMs.length} presses beside it, ${waits.without.deskMs.length} without; ${memory} MB`,
      ['ms', 'without', 'with', 'times'],
      [
        row('PUBACK p50', 'pubackMs', 0.5),
        row('PUBACK p99', 'pubackMs', 0.99),
        row('desk p50', 'deskMs', 0.5),
        row('desk p99', 'deskMs', 0.99),
      ],
    )
    for (const [at, ms] of byMode.entries())
      console.log(
        `  ${modeNames[at]}: ${ms.length} presses, desk p50 ${short(percentile(ms, 0.5))}, most ${short(Math.max(...ms))} ms`,
      )
    console.log(
      `  most resident ${short(mostMegabytes)} MB; ${group.killed()} processes killed for their memory`,
    )
    for (const key of ['pubackMs', 'deskMs'] as const) {
      const ratio = percentile(waits.with[key], 0.99) / percentile(waits.without[key], 0.99)
      printVerdict(
        `p99 of ${key === 'deskMs' ? 'the desk' : 'the PUBACK'} beside it`,
        ratio,
        ratio <= ratioMax,
        `at most ${ratioMax}`,
      )
    }
  } finally {
    client?.end(true)
    stream?.terminate()
    await town.close()
    await pause(500)
    group.remove()
  }
}
