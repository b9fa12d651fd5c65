// What does one hostile box with a valid certificate cost the red of another village, at a centre within 1 GB of memory
// (a control group)? The same red with and without it, in turns, in one run. Run: npm run bench -- hostile-box
// [--minutes 10] [--mode 5]: minutes of attack, the calm turns take as long again; one attack alone by its place.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connectAsync, type MqttClient } from 'mqtt'
import { stringify } from 'yaml'
import { encodeJson } from '../../../protocols/uplink/codec.ts'
import { makeAlarm } from '../../contract/centre/centre-parts.ts'
import { freePort, Program } from '../../kits/system/programs.ts'
import { createControlGroup } from '../load/control-group.ts'
import { percentile, printTable, printVerdict, short } from '../figures/figures.ts'
import { pause, readOptions } from '../options.ts'

const megabytes = 1024
const attacks = [
  'routine flood',
  'red flood',
  'red alarms',
  'packed text',
  'clocks',
  'poison',
  'epochs',
  'heartbeats',
]
const redEveryMs = 50
/** The village's red may take this many times its p99 without the hostile box. */
const factorMax = 2
const root = fileURLToPath(new URL('../../..', import.meta.url))

export async function runHostileBox(args: readonly string[]): Promise<void> {
  const { minutes, mode } = readOptions(args, { minutes: 10, mode: -1 })
  const chosen = mode < 0 ? attacks : attacks.slice(mode, mode + 1)
  console.log(`about ${Math.ceil(minutes * 2 + 1)} minutes: as long without the hostile box as with it`)
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-hostile-'))
  const group = createControlGroup(megabytes, 64)
  const pki = join(folder, 'pki')
  makeCertificates(pki)
  const port = await freePort()
  const centre = await startCentre(folder, pki, port, group.wrap)
  const hostile = spawn(
    process.execPath,
    ['--import', 'tsx', join(root, 'tests/bench/hostile/hostile-box-process.ts'), String(port), pki],
    { cwd: root, stdio: ['pipe', 'inherit', 'inherit'] },
  )
  const village = await openVillage(pki, port)
  try {
    await measure(village, 3000)
    const [calm, attacked] = [[] as number[], new Map<string, number[]>()]
    // Each attack runs twice, with a calm phase of the same length before each.
    const turnMs = (minutes * 60_000) / (chosen.length * 2)
    for (const attack of [...chosen, ...chosen]) {
      calm.push(...(await measure(village, turnMs)))
      hostile.stdin?.write(`${attack}\n`)
      attacked.set(attack, [...(attacked.get(attack) ?? []), ...(await measure(village, turnMs))])
      hostile.stdin?.write('calm\n')
      // All earlier messages are processed.
      await pause(1500)
    }
    print(calm, attacked)
    console.log(`  centre runs: ${centre.isRunning}; killed for want of memory: ${group.killed()}`)
    if (!centre.isRunning) process.exitCode = 1
  } finally {
    hostile.stdin?.end()
    await village.endAsync(true)
    await centre.end()
    group.remove()
    rmSync(folder, { recursive: true, force: true })
  }
}

function print(calm: readonly number[], attacked: ReadonlyMap<string, readonly number[]>): void {
  const of = (values: readonly number[]): string[] =>
    [values.length, percentile(values, 0.5), percentile(values, 0.99), Math.max(...values)].map(short)
  const all = [...attacked.values()].flat()
  printTable(
    `PUBACK of another village's red in ms, centre within ${megabytes} MB`,
    ['', 'reds', 'p50', 'p99', 'longest'],
    [
      ['without the hostile box', ...of(calm)],
      ['with it, all attacks', ...of(all)],
      ...[...attacked].map(([name, values]) => [`  ${name}`, ...of(values)]),
    ],
  )
  const factor = percentile(all, 0.99) / percentile(calm, 0.99)
  printVerdict('p99 with by without', factor, factor <= factorMax, `${factorMax}`)
  if (factor > factorMax) process.exitCode = 1
}

let next = 1
/** One red after the other for this long; the time of each. */
async function measure(village: MqttClient, forMs: number): Promise<number[]> {
  const took: number[] = []
  for (const endMs = performance.now() + forMs; performance.now() < endMs;) {
    const sequence = next++
    const records = [makeAlarm(sequence, 'raised', { id: `sos-${sequence}` })]
    const bytes = encodeJson({ v: 1, epoch: 'village12345', lane: 'red', first: sequence, records })
    const startMs = performance.now()
    await village.publishAsync('up/village-1/red', Buffer.from(bytes), { qos: 1 })
    took.push(performance.now() - startMs)
    await pause(redEveryMs)
  }
  return took
}

function makeCertificates(pki: string): void {
  const make = (...args: string[]): void => {
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'deploy/certificates.js'), ...args], {
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(stderr)
  }
  make('authority', '--dir', pki)
  make('server', '--dir', pki, '--name', 'centre', '--host', 'localhost', '--host', '127.0.0.1')
  for (const id of ['evil-1', 'village-1']) make('client', '--dir', pki, '--id', id)
}

async function startCentre(folder: string, pki: string, port: number, wrap: string[]): Promise<Program> {
  const at = (name: string): string => join(pki, name)
  const tls = { certFile: at('centre.crt'), keyFile: at('centre.key'), caFile: at('ca.crt') }
  const config = {
    dataDir: join(folder, 'data'),
    http: { port: await freePort() },
    uplink: { listeners: [{ host: '127.0.0.1', port, tls }] },
  }
  writeFileSync(join(folder, 'centre.yaml'), stringify(config))
  const centre = new Program(['centre', '--config', join(folder, 'centre.yaml')], wrap)
  await centre.said('centre is listening')
  return centre
}

function openVillage(pki: string, port: number): Promise<MqttClient> {
  const read = (name: string): Buffer => readFileSync(join(pki, name))
  const tls = { ca: read('ca.crt'), cert: read('village-1.crt'), key: read('village-1.key') }
  const options = { ...tls, clientId: 'village-1', protocolVersion: 4 as const, reconnectPeriod: 0 }
  return connectAsync(`mqtts://localhost:${port}`, options)
}
