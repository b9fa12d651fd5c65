// `gengfu demo`: a town centre and one village box as real processes on loopback, and the village's devices in this
// one. All its data is in one folder; `--fresh` starts empty.
import { spawn, type ChildProcess } from 'node:child_process'
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Command, CommanderError, Option } from 'commander'
import { parse, stringify } from 'yaml'
import { SimulatedCamera } from './camera/simulated-camera.ts'
import { DemoPostgres } from './demo-postgres.ts'
import { pushCommand, townBoxConfig } from './demo-town-box.ts'
import { createVillageConfig } from './village/village-config.ts'
import { createVillage } from './village/village.ts'
import { print, printProblem } from '../platform/terminal.ts'

/** Devices of the simulated village, and the seed that makes them the same each time. */
const deviceCount = 20
const seed = 20_610
const reportSeconds = 20
/** The button of the printed command: registered, but not pressed by the simulation. */
const pressedButton = 'button-demo'
/** Its household: the desk shows an alarm under the name of the person. */
const pressedZone = {
  id: 'wang-home',
  name: '王奶奶家 Granny Wang',
  grade: 'key',
  place: { household: '12' },
}
const operator = 'operator'
/** Verifies the operator's steps: that needs a second person. */
const supervisor = 'supervisor'
const pidFile = 'demo.pid'
const startMsMax = 30_000
const stopMsMax = 6000

const preferredPorts = {
  http: 8800,
  uplink: 18_830,
  mqtt: 1883,
  console: 8080,
  townMqtt: 1893,
  townConsole: 8081,
  townPush: 8090,
}

const program = fileURLToPath(new URL('../../bin/gengfu.js', import.meta.url))
const printLine = (text: string): boolean => printProblem(`${text}\n`)

interface DemoFlags {
  dir: string
  fresh?: boolean
  storage: string
  townBox?: boolean
}

export async function runDemo(argv: readonly string[]): Promise<void> {
  const command = new Command('gengfu demo')
    .description(
      'a centre and one simulated village on this machine, until Ctrl-C 本机演示：镇中心与一个模拟村庄',
    )
    .option('--fresh', 'forget the data of earlier runs 清空以前的数据')
    .option('--dir <folder>', 'where the data is kept 数据目录', '.demo')
    .option('--town-box', 'a second box beside the centre, for 4G devices 另启镇级网关，接 4G 设备')
    .addOption(
      new Option(
        '--storage <kind>',
        'postgres: a temporary server, and no earlier data 临时数据库，不保留数据',
      )
        .choices(['sqlite', 'postgres'])
        .default('sqlite'),
    )
    .exitOverride()
    .action(async ({ dir, fresh, storage, townBox }: DemoFlags) => {
      const postgres = storage === 'postgres' ? new DemoPostgres() : undefined
      await new Demo(resolve(dir), townBox === true, postgres).run(fresh === true || postgres !== undefined)
    })
  try {
    await command.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      printLine(`gengfu demo: ${(error as Error).message}`)
      process.exitCode = 1
    } else process.exitCode = error.exitCode === 0 ? 0 : 2
  }
}

class Demo {
  readonly #folder: string
  readonly #hasTownBox: boolean
  readonly #postgres: DemoPostgres | undefined
  readonly #children: { name: string; process: ChildProcess }[] = []
  /** A camera with a view of the printed button's yard: a press brings pictures to the desk. */
  readonly #camera = new SimulatedCamera()
  #stopVillage: () => void = () => undefined
  #isStopping = false

  constructor(folder: string, hasTownBox: boolean, postgres: DemoPostgres | undefined) {
    this.#folder = folder
    this.#hasTownBox = hasTownBox
    this.#postgres = postgres
  }

  async run(isFresh: boolean): Promise<void> {
    const other = runningDemo(this.#folder)
    if (other !== undefined) {
      printLine(
        `gengfu demo: another demo (process ${other}) uses ${this.#folder}: end it first, or give this one --dir`,
      )
      printLine(`另一个演示正在使用该目录（进程 ${other}）：请先结束它，或用 --dir 另选目录`)
      process.exit(1)
    }
    if (isFresh) rmSync(this.#folder, { recursive: true, force: true })
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    writeFileSync(join(this.#folder, pidFile), String(process.pid))
    process.once('SIGINT', () => void this.#stop(0))
    process.once('SIGTERM', () => void this.#stop(0))
    try {
      await this.#start()
    } catch (error) {
      if (this.#isStopping) return
      printLine(`gengfu demo: ${(error as Error).message}`)
      await this.#stop(1)
    }
  }

  async #start(): Promise<void> {
    const ports = await choosePorts()
    const url = await this.#postgres?.start()
    const centreFile = this.#write('centre.yaml', centreConfig(this.#folder, ports, url ?? 'sqlite:'))
    await this.#camera.start()
    const gatewayFile = this.#write('gateway.yaml', gatewayConfig(this.#folder, ports, this.#camera))
    const password = await this.#login(centreFile, operator, 'operator')
    const leading = await this.#login(centreFile, supervisor, 'supervisor')
    await this.#startChild('centre', ['centre', '--config', centreFile], 'centre is listening')
    const token = await output([
      'centre',
      'token',
      '--config',
      centreFile,
      '--role',
      'operator',
      '--name',
      'demo',
    ])
    await this.#startChild('gateway', ['gateway', '--config', gatewayFile], 'gateway is listening')
    if (this.#hasTownBox) await this.#startTownBox(ports)
    if (this.#isStopping) return
    const village = createVillage({
      seed,
      devices: deviceCount,
      url: `mqtt://127.0.0.1:${ports.mqtt}`,
      reportIntervalMs: reportSeconds * 1000,
      firstBoot: this.#countRun(),
    })
    village.start()
    this.#stopVillage = () => village.stop()
    const payload = `{\\"id\\":\\"demo-$(date +%s%N)\\",\\"button\\":\\"pressed\\"}`
    print(
      [
        `desk http://127.0.0.1:${ports.http}/`,
        `console http://127.0.0.1:${ports.console}/`,
        `login ${operator} ${password}`,
        `login ${supervisor} ${leading}`,
        `token ${token}`,
        `press mosquitto_pub -h 127.0.0.1 -p ${ports.mqtt} -i ${pressedButton} -q 1 -t gengfu/v1/${pressedButton}/event -m "${payload}"`,
        ...(this.#hasTownBox ? [pushCommand(this.#folder, ports)] : []),
        '',
      ].join('\n'),
    )
    printLine(
      `${deviceCount} simulated devices report every ${reportSeconds} s; logs in ${this.#folder}; Ctrl-C ends it 按 Ctrl-C 结束`,
    )
  }

  async #startTownBox(ports: Ports): Promise<void> {
    const file = this.#write('town-box.yaml', townBoxConfig(this.#folder, ports))
    await this.#startChild('town-box', ['gateway', '--config', file], 'gateway is listening')
  }

  /** The centre stores users; the password generated for this one is stored beside it. */
  async #login(centreFile: string, name: string, role: string): Promise<string> {
    const file = join(this.#folder, `login-${role}`)
    if (existsSync(file)) return readFileSync(file, 'utf8').trim()
    const password = await output([
      'centre',
      'user',
      'add',
      '--config',
      centreFile,
      '--name',
      name,
      '--role',
      role,
    ])
    writeFileSync(file, password, { mode: 0o600 })
    return password
  }

  /** Simulated devices count boots like real ones, so that a later run uses new message ids. */
  #countRun(): number {
    const file = join(this.#folder, 'runs')
    const run = (existsSync(file) ? Number(readFileSync(file, 'utf8')) || 0 : 0) + 1
    writeFileSync(file, String(run))
    return run
  }

  #write(name: string, config: object): string {
    const file = join(this.#folder, name)
    writeFileSync(file, stringify(config))
    return file
  }

  async #startChild(name: string, args: string[], readyMessage: string): Promise<void> {
    if (this.#isStopping) return
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#children.push({ name, process: child })
    const log = createWriteStream(join(this.#folder, `${name}.log`))
    child.stderr.pipe(log, { end: false })
    let lastLine = ''
    const lines = createInterface({ input: child.stdout })
    await new Promise<void>((resolveReady, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`the ${name} did not start in time: ${lastLine}`)),
        startMsMax,
      )
      lines.on('line', (line) => {
        lastLine = line
        log.write(`${line}\n`)
        if (!line.includes(`"msg":"${readyMessage}"`)) return
        clearTimeout(timer)
        resolveReady()
      })
      child.stderr.on('data', (data: Buffer) => (lastLine = data.toString()))
      child.once('exit', (code) => {
        clearTimeout(timer)
        reject(new Error(`the ${name} ended with code ${code}: ${lastLine}`))
        if (this.#isStopping) return
        printLine(
          `gengfu demo: the ${name} ended with code ${code}; see ${join(this.#folder, `${name}.log`)}`,
        )
        void this.#stop(1)
      })
    })
  }

  async #stop(code: number): Promise<never> {
    if (!this.#isStopping) {
      this.#isStopping = true
      this.#stopVillage()
      await this.#camera.stop()
      // The gateway first, so that its waiting records reach the centre before the centre stops.
      for (const { process: child } of this.#children.reverse()) await ended(child)
      await this.#postgres?.stop()
      rmSync(join(this.#folder, pidFile), { force: true })
    }
    process.exit(code)
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = new Promise<void>((resolveExit) => child.once('exit', () => resolveExit()))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax)
  await exit
  clearTimeout(timer)
}

/** The stdout of a command, trimmed; rejects with its stderr. */
function output(args: string[]): Promise<string> {
  return new Promise((resolveOutput, reject) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let text = ''
    let problem = ''
    child.stdout.on('data', (data: Buffer) => (text += data.toString()))
    child.stderr.on('data', (data: Buffer) => (problem += data.toString()))
    child.once('close', (code) =>
      code === 0
        ? resolveOutput(text.trim())
        : reject(new Error(`${args.slice(0, 2).join(' ')}: ${problem.trim()}`)),
    )
  })
}

/** The process of a demo that still runs on this folder. */
function runningDemo(folder: string): number | undefined {
  const file = join(folder, pidFile)
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  try {
    process.kill(pid, 0)
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('gengfu') ? pid : undefined
  } catch {
    return undefined // it ended without removing its files
  }
}

type Ports = typeof preferredPorts

async function choosePorts(): Promise<Ports> {
  const ports = { ...preferredPorts }
  for (const name of Object.keys(ports) as (keyof Ports)[])
    ports[name] = (await bindable(ports[name])) ?? (await bindable(0)) ?? 0
  return ports
}

/** The port of a listener on loopback, or undefined when it is taken. */
function bindable(port: number): Promise<number | undefined> {
  return new Promise((resolvePort) => {
    const server = createServer()
    server.once('error', () => resolvePort(undefined))
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolvePort(typeof address === 'object' ? address?.port : undefined))
    })
  })
}

function centreConfig(folder: string, ports: Ports, url: string): object {
  return {
    storage: { url },
    dataDir: join(folder, 'centre'),
    http: { host: '127.0.0.1', port: ports.http },
    uplink: { listeners: [{ host: '127.0.0.1', port: ports.uplink }], anonymous: true },
  }
}

function gatewayConfig(folder: string, ports: Ports, camera: SimulatedCamera): object {
  const village = createVillageConfig({ devices: deviceCount, seed, intervalSeconds: reportSeconds })
  return {
    box: { id: '320612104201-1', name: '石桥村 Stone Bridge' },
    dataDir: join(folder, 'gateway'),
    mqtt: { listeners: [{ host: '127.0.0.1', port: ports.mqtt }], anonymous: true },
    uplink: { url: `mqtt://127.0.0.1:${ports.uplink}` },
    console: { host: '127.0.0.1', port: ports.console },
    // A demo is for trying: it allows more commands than a village would.
    commands: { allow: ['arm', 'disarm', 'bypass', 'shelve', 'siren', 'snapshot', 'burst'] },
    ...withDemoButton(village, camera),
  }
}

/** The village's zones and devices, with the button that the printed command presses and the camera beside it. */
function withDemoButton(villageYaml: string, { host, port }: SimulatedCamera): object {
  const village = parse(villageYaml) as { zones: { id: string }[]; devices: object[] }
  const camera = {
    id: 'camera-demo',
    name: '王奶奶家门口 Granny Wang, the door',
    zone: pressedZone.id,
    host,
    port,
    onvif: false,
    snapshotPath: '/snapshot.jpg',
  }
  const button = { id: pressedButton, kind: 'button', name: '床头按钮 Bedside button', zone: pressedZone.id }
  return {
    cameras: [camera],
    zones: [...village.zones, pressedZone],
    devices: [...village.devices, button],
  }
}
