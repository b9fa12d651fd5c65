// How fast does a backlog reach a centre on the same machine, every commit synced at both ends, compared with a
// Mosquitto bridge that stores nothing? Same machine, same run, in turn.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTown, freePort } from '../kits/system/programs.ts'
import { median, printTable, printVerdict, short } from './figures/figures.ts'
import { fillJournal } from './fill-journal.ts'
import { processorSeconds } from './figures/kernel-figures.ts'
import { pause, readOptions } from './options.ts'
import { RawDevice } from './load/raw-device.ts'
import { villageDevices } from './village.ts'

const drainMsMax = 300_000
const lookEachMs = 20
/** Mosquitto's publisher keeps this many unanswered. */
const publishAhead = 200

interface Drained {
  perSecond: number
  /** Processor time of both ends for one record, microseconds. */
  costUs: number
}

/** From the first record at the centre to the last; the start of the programs does not count. */
async function ours(records: number): Promise<Drained> {
  const town = await createTown({ devices: villageDevices(500) })
  try {
    await fillJournal(join(town.folder, 'gateway'), records)
    const gateway = await town.startGateway()
    const centre = await town.startCentre()
    const spent = (): number => processorSeconds(gateway.pid) + processorSeconds(centre.pid)
    const receipted = async (): Promise<number> => {
      const answer = await fetch(`http://127.0.0.1:${town.ports.console}/metrics`)
      return Number(/^gengfu_journal_receipted\{lane="routine"\} (\d+)/m.exec(await answer.text())?.[1] ?? 0)
    }
    return await timed(receipted, records, spent)
  } finally {
    await town.close()
  }
}

async function timed(count: () => Promise<number>, records: number, spent: () => number): Promise<Drained> {
  const endMs = performance.now() + drainMsMax
  let first = 0
  while ((first = await count()) === 0) await look(endMs)
  const [fromMs, fromSpent] = [performance.now(), spent()]
  let last = first
  while ((last = await count()) < records) await look(endMs)
  const seconds = (performance.now() - fromMs) / 1000
  return { perSecond: (last - first) / seconds, costUs: ((spent() - fromSpent) / (last - first)) * 1e6 }
}

async function look(endMs: number): Promise<void> {
  if (performance.now() > endMs) throw new Error('not drained in time')
  await pause(lookEachMs)
}

/** Two Mosquittos: the first has the backlog in memory when the second comes up. */
async function peer(records: number): Promise<Drained> {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-bridge-'))
  const started: ChildProcess[] = []
  const [box, centre] = [await freePort(), await freePort()]
  const start = (name: string, config: string): number => {
    const file = join(folder, name)
    const common = 'allow_anonymous true\npersistence false\nset_tcp_nodelay true\nlog_dest none\nuser root\n'
    writeFileSync(file, `${common}max_queued_messages 0\n${config}`)
    const child = spawn('/usr/sbin/mosquitto', ['-c', file], { stdio: 'ignore' })
    started.push(child)
    return child.pid ?? 0
  }
  try {
    // No limit in flight: the default of 20 would measure the round trip.
    const bridge = `connection up\naddress 127.0.0.1:${centre}\ntopic gengfu/# out 1\ncleansession false\nrestart_timeout 1\nnotifications false\ntry_private false\n`
    const boxPid = start('box.conf', `listener ${box} 127.0.0.1\nmax_inflight_messages 0\n${bridge}`)
    await pause(500)
    await fillPeer(box, records)
    const centrePid = start('centre.conf', `listener ${centre} 127.0.0.1\nsys_interval 1\n`)
    let heard = 0
    await pause(100)
    const sub = spawn('mosquitto_sub', ['-p', String(centre), '-t', 'gengfu/#', '-F', 'x'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    started.push(sub)
    sub.stdout.on('data', (data: Buffer) => {
      for (const byte of data) if (byte === 10) heard++
    })
    const spent = (): number => processorSeconds(boxPid) + processorSeconds(centrePid)
    return await timed(() => Promise.resolve(heard), records, spent)
  } finally {
    for (const child of started) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}

function fillPeer(port: number, records: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let [made, acked] = [0, 0]
    const publish = (): void => {
      if (made >= records) return
      made++
      const readings = `"temperatureC":${20 + (made % 100) / 10},"batteryPercent":${60 + (made % 40)},"signalDbm":-${50 + (made % 36)}`
      device.publish(`{"id":"1-${made}",${readings}}`)
    }
    const device: RawDevice = new RawDevice('bench-100', {
      onAck: () => {
        publish()
        if (++acked < records) return
        device.end()
        resolve()
      },
      onEnd: (_, error) => {
        if (error) reject(error)
      },
    })
    device
      .connect(port)
      .then(() => {
        for (let i = 0; i < publishAhead; i++) publish()
      })
      .catch(reject)
  })
}

export async function runDrain(args: readonly string[]): Promise<void> {
  const { records, rounds } = readOptions(args, { records: 200_000, rounds: 3 })
  const [own, other]: [Drained[], Drained[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    other.push(await peer(records))
    own.push(await ours(records))
  }
  const rate = (list: Drained[]): number => median(list.map(({ perSecond }) => perSecond))
  const cost = (list: Drained[]): number => median(list.map(({ costUs }) => costUs))
  printTable(
    `drain: ${records} records on loopback, median of ${rounds} rounds`,
    ['', 'records/s', 'beside the bridge', 'CPU us/record, both ends'],
    [
      ['Mosquitto bridge, keeps nothing', short(rate(other)), '1.00', short(cost(other))],
      ['Gengfu, synced at the centre', short(rate(own)), short(rate(own) / rate(other)), short(cost(own))],
    ],
  )
  const ratio = rate(own) / rate(other)
  printVerdict('drained beside the bridge', ratio, ratio >= 1, 'at least 1')
}
