// The peer of thin-link: a Mosquitto at the box bridged to one at the centre over the same link, with the same
// certificates, QoS 1 and nothing on disk.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TownAcross } from '../../kits/network/town-across.ts'
import type { Place, TwoPlaces } from '../../kits/network/two-places.ts'
import { freePort } from '../../kits/system/programs.ts'
import { pause } from '../options.ts'

export interface Wire {
  seconds: number
  records: number
  upBytes: number
  downBytes: number
}

const settleMs = 20_000
const idlePresses = 20
const pressMsMax = 10_000

export interface BridgeRun {
  bits: number
  tripMs: number
  minutes: number
  records: number
}

export interface BridgeMeasured {
  idleMs: number[]
  wire: Wire
  /** How long a press behind the backlog took, or for how long it was awaited without arriving. */
  redMs: number
  hasRedArrived: boolean
}

const eventTopic = (device: string): string => `gengfu/v1/${device}/event`

export async function measureBridge(
  places: TwoPlaces,
  tls: TownAcross['tls'],
  run: BridgeRun,
): Promise<BridgeMeasured> {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-bridge-'))
  const started: ChildProcess[] = []
  const inside = (place: Place, args: readonly string[]): ChildProcess => {
    const [file = '', ...rest] = [...places.wrap[place], ...args]
    const child = spawn(file, rest, { stdio: ['pipe', 'pipe', 'ignore'] })
    started.push(child)
    return child
  }
  const broker = (place: Place, config: string): void => {
    const file = join(folder, `${place}.conf`)
    writeFileSync(
      file,
      `allow_anonymous true\npersistence false\nset_tcp_nodelay true\nlog_dest none\nuser root\nmax_queued_messages 0\n${config}`,
    )
    inside(place, ['/usr/sbin/mosquitto', '-c', file])
  }
  try {
    await places.set({ delayMs: run.tripMs / 2, cut: 'none' })
    await places.limit(run.bits)
    const [bridgePort, local, desk] = [await freePort(), await freePort(), await freePort()]
    broker(
      'centre',
      `listener ${desk} 127.0.0.1\nlistener ${bridgePort} 0.0.0.0\n` +
        `cafile ${tls.caFile}\ncertfile ${tls.certFile}\nkeyfile ${tls.keyFile}\nrequire_certificate true\n`,
    )
    broker(
      'box',
      `listener ${local} 127.0.0.1\nconnection up\naddress ${places.addresses[0]}:${bridgePort}\ntopic gengfu/# out 1\n` +
        `cleansession false\nnotifications false\ntry_private false\nbridge_cafile ${tls.caFile}\n` +
        `bridge_certfile ${tls.boxCertFile}\nbridge_keyfile ${tls.boxKeyFile}\n`,
    )
    await pause(5000)
    const heard = listen(
      inside('centre', ['mosquitto_sub', '-p', String(desk), '-t', 'gengfu/#', '-F', '%t']),
    )
    await pause(1000)
    const publisher = (topic: string): ChildProcess =>
      inside('box', ['mosquitto_pub', '-p', String(local), '-t', topic, '-q', '1', '-l'])
    const button = publisher(eventTopic('bench-button'))
    const idleMs: number[] = []
    for (let i = 1; i <= idlePresses; i++) idleMs.push(await pressBridge(button, heard, i, pressMsMax))

    const load = publisher(eventTopic('bench-100'))
    for (let n = 1; n <= run.records; n++) load.stdin?.write(`${routine(n)}\n`)
    load.stdin?.end()
    await pause(settleMs)
    const red = pressBridge(button, heard, idlePresses + 1, run.minutes * 60_000)
    const [from, fromBytes, fromMs] = [heard.routine, await places.wireBytes(), performance.now()]
    const redMs = await red
    await pause(run.minutes * 60_000 - (performance.now() - fromMs))
    const toBytes = await places.wireBytes()
    return {
      idleMs,
      redMs,
      hasRedArrived: redMs < run.minutes * 60_000,
      wire: {
        seconds: (performance.now() - fromMs) / 1000,
        records: heard.routine - from,
        upBytes: toBytes.up - fromBytes.up,
        downBytes: toBytes.down - fromBytes.down,
      },
    }
  } finally {
    await Promise.all(started.map(end))
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A device's publishes, as in the filled journal. */
const routine = (n: number): string =>
  `{"id":"1-${n}","temperatureC":${(20 + ((n * 37) % 120) / 10 - 6).toFixed(1)},"batteryPercent":${60 + (n % 40)},"signalDbm":-${50 + ((n * 7) % 36)}}`

interface ReceivedCounts {
  routine: number
  presses: number
  onPress: (() => void) | undefined
}

function listen(child: ChildProcess): ReceivedCounts {
  const heard: ReceivedCounts = { routine: 0, presses: 0, onPress: undefined }
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (topic) => {
    if (topic === eventTopic('bench-button')) {
      heard.presses++
      heard.onPress?.()
    } else heard.routine++
  })
  return heard
}

/** Milliseconds until press number `n` was heard, at most `msMax`. */
async function pressBridge(
  button: ChildProcess,
  heard: ReceivedCounts,
  n: number,
  msMax: number,
): Promise<number> {
  const startMs = performance.now()
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer)
      heard.onPress = undefined
      resolve(Math.min(msMax, performance.now() - startMs))
    }
    const timer = setTimeout(finish, msMax)
    heard.onPress = () => {
      if (heard.presses >= n) finish()
    }
    button.stdin?.write(`{"id":"9-${n}","button":"pressed"}\n`)
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}
