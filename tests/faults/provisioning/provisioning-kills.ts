// SIGKILL at each step of what gives a box its identity and its devices: the take-over of another box's place, the renewal of the
// certificate, the import of a list. After each kill the same is done again, and the end must be whole.
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { connectAsync } from 'mqtt'
import { CentreChanges } from '../../../gateway/config/centre-changes.ts'
import { boxCopyOf } from '../../../gateway/config/enrolment/box-copy.ts'
import { CopySender } from '../../../gateway/config/enrolment/copy-sender.ts'
import { enrolWithCentre } from '../../../gateway/config/enrolment/enrol-with-centre.ts'
import {
  readEnrolled,
  writeEnrolled,
  enrolledPaths,
} from '../../../gateway/config/enrolment/enrolled-file.ts'
import { readTakenOver } from '../../../gateway/config/enrolment/taken-over.ts'
import type { CertificatesAnswer, NewEnrolmentAnswer } from '../../../protocols/desk/villages/enrolments.ts'
import type { HealthAnswer } from '../../../protocols/console/api.ts'
import { parseEnrolmentUrl } from '../../../protocols/enrolment/enrolment-code.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { createAuthority } from '../../kits/broker/certificates.ts'
import { freePort, Program } from '../../kits/system/programs.ts'
import { builtCommand } from '../../kits/system/require-build.ts'
import {
  dropFolder,
  makeFolder,
  startCentre,
  type CentreUnderTest,
} from '../../contract/centre/centre-parts.ts'
import { pino } from 'pino'

export const provisioningScenarios = ['enrol', 'start', 'renewal', 'import'] as const
export type ProvisioningScenario = (typeof provisioningScenarios)[number]

/** More operations than any of them has. */
const stepsMax = 400
/** A box of its own for each kill: the centre signs ten certificates a day for one. */
const boxOf = (n: number): string => `320612104${200 + (n % 700)}-${1 + Math.floor(n / 700)}`
const preload = join(import.meta.dirname, 'kill-at-step.cjs')
const importedDevices = 20

export interface ProvisioningResult {
  kills: number
  /** Runs that ended before the step: the scenario has fewer. */
  whole: number
  broken: string[]
}

const village = {
  zones: [{ id: 'square', name: '广场', place: { plan: { x: 0.25, y: 0.5 } } }],
  devices: [
    { id: 'door-1', name: '西门', kind: 'contact', zone: 'square' },
    { id: 'door-2', kind: 'contact', zone: 'square' },
    { id: 'siren-1', kind: 'siren', zone: 'square' },
  ],
  rules: [{ id: 'r1', when: { colours: ['red'] }, device: 'siren-1', do: 'siren' }],
}

export class ProvisioningKills {
  readonly #folder = makeFolder()
  readonly #result: ProvisioningResult = { kills: 0, whole: 0, broken: [] }
  #running: CentreUnderTest | undefined
  #chief = ''
  #authority = ''
  #machines = 0
  #box = boxOf(0)
  #boxes = 0

  async start(): Promise<void> {
    const at = (name: string, text: string): string => {
      writeFileSync(join(this.#folder, name), text)
      return join(this.#folder, name)
    }
    const town = await createAuthority('Town')
    const server = await town.issueServer()
    this.#authority = town.cert
    const authority = { certFile: at('ca.crt', town.cert), keyFile: at('ca.key', town.key) }
    const tls = {
      certFile: at('s.crt', server.cert),
      keyFile: at('s.key', server.key),
      caFile: authority.certFile,
    }
    const uplinkPort = await freePort()
    this.#running = await startCentre(this.#folder, {
      config: {
        uplink: { listeners: [{ host: '127.0.0.1', port: uplinkPort, tls }] },
        enrolment: {
          authority,
          centreUrl: 'http://127.0.0.1',
          uplinkUrl: `mqtts://127.0.0.1:${uplinkPort}`,
          codeHours: 1,
        },
      },
    })
    this.#chief = this.#centre.token('admin', 'chief')
  }

  get #centre(): CentreUnderTest {
    if (!this.#running) throw new Error('not started')
    return this.#running
  }

  get result(): Readonly<ProvisioningResult> {
    return this.#result
  }

  async stop(): Promise<ProvisioningResult> {
    await this.#running?.centre.stop()
    dropFolder(this.#folder)
    return this.#result
  }

  /** One kill at this step, what comes after it, and the look at the end. */
  async kill(scenario: ProvisioningScenario, step: number): Promise<void> {
    this.#box = boxOf(++this.#boxes)
    const place = mkdtempSync(join(tmpdir(), 'gengfu-provision-'))
    const problem = (what: string): void =>
      void this.#result.broken.push(`${scenario} at step ${step}: ${what}`)
    try {
      await this.#scenarios[scenario](place, step, problem)
    } catch (error) {
      problem(error instanceof Error ? error.message : 'unknown')
    } finally {
      rmSync(place, { recursive: true, force: true })
    }
  }

  readonly #scenarios: Record<
    ProvisioningScenario,
    (place: string, step: number, problem: (what: string) => void) => Promise<void>
  > = {
    enrol: async (place, step, problem) => {
      await this.#firstBox()
      const file = this.#machine(place)
      const url = await this.#newUrl()
      const enrol = ['gateway', 'enrol', url, '--config', file]
      this.#count(await this.#run(enrol, { step, paths: `${place}/data/enrolment` }))
      const half = devicesOf(file)
      if (![0, village.devices.length].includes(half)) problem(`${half} devices after the kill`)
      const enrolled = readEnrolled(join(place, 'data'))
      if (enrolled?.ok && half === 0) problem('enrolled, and without the devices of the box before')
      if ((await this.#run(enrol)).code !== 0) problem('the same code again was refused')
      await this.#expectWhole(place, file, problem)
    },
    start: async (place, step, problem) => {
      await this.#firstBox()
      const file = this.#machine(place)
      await this.#run(['gateway', 'enrol', await this.#newUrl(), '--config', file])
      this.#count(
        await this.#run(['gateway', '--config', file], {
          step,
          paths: `${place}/(passwords|data/enrolment)`,
        }),
      )
      await this.#expectWhole(place, file, problem)
      const gateway = new Program(['gateway', '--config', file])
      await gateway.said('gateway is listening')
      const { guard } = await healthOf(file)
      await gateway.end('SIGKILL')
      if (guard.zones[0]?.isArmed !== true) problem('the zone is not armed')
      const passwords = readFileSync(join(place, 'passwords'), 'utf8')
      if (passwords.trim() !== 'door-1:$scrypt$hash-of-door-1')
        problem('the passwords of the devices are not whole')
    },
    renewal: async (place, step, problem) => {
      const dataDir = join(place, 'data')
      const link = parseEnrolmentUrl(await this.#newUrl())
      if (!link.ok) throw new Error('no link')
      const done = await enrolWithCentre({ dataDir, link: link.value })
      if (!done.ok) throw new Error('not enrolled')
      writeEnrolled(dataDir, { ...done.value, renewAtMs: 0 })
      this.#count(await renew(dataDir, { step, paths: `${dataDir}/enrolment` }))
      const after = readEnrolled(dataDir)
      if (!after?.ok) throw new Error('the enrolment can not be read after the kill')
      // Due still, or stored and not yet in the files for TLS: the next start does the rest.
      await renew(dataDir)
      await this.#connect(dataDir)
      await this.#expectOneCertificate(dataDir, problem)
      const now = readEnrolled(dataDir)
      if (!now?.ok || now.value.certificate === done.value.certificate) problem('not renewed')
    },
    import: async (place, step, problem) => {
      const file = this.#machine(place)
      const trigger = join(place, 'begun')
      const gateway = killable(['gateway', '--config', file], {
        step,
        paths: `${place}/(passwords|data/(?!journal))`,
        when: trigger,
      })
      await gateway.said('gateway is listening')
      writeFileSync(trigger, '')
      await sendList(file).catch(() => undefined)
      // It starts anew with the devices, which places their passwords.
      await Promise.race([gateway.exited, new Promise((resolve) => setTimeout(resolve, 6000))])
      this.#count({ code: null, isKilled: !gateway.isRunning })
      await gateway.end('SIGKILL')
      const found = devicesOf(file)
      if (![0, importedDevices].includes(found)) problem(`${found} devices after the kill`)
      const again = new Program(['gateway', '--config', file])
      await again.said('gateway is listening')
      if (found === 0 && !(await sendList(file)).ok) problem('the list again was refused')
      await until(() => devicesOf(file) === importedDevices && hashesIn(place) === importedDevices).catch(
        () => problem(`${devicesOf(file)} devices and ${hashesIn(place)} passwords in the end`),
      )
      await again.end('SIGKILL')
    },
  }

  #count({ isKilled }: { isKilled: boolean; code: number | null }): void {
    if (isKilled) this.#result.kills++
    else this.#result.whole++
  }

  /** As the workshop installs it. */
  #machine(place: string): string {
    const file = join(place, 'gateway.yaml')
    this.#machines++
    const own = {
      box: { id: 'new-box' },
      dataDir: 'data',
      mqtt: { listeners: [{ host: '127.0.0.1', port: 0 }], passwordFile: 'passwords' },
      console: { host: '127.0.0.1', port: 20_000 + ((process.pid * 31 + this.#machines) % 10_000) },
    }
    writeFileSync(file, JSON.stringify(own))
    return file
  }

  /** The box whose place is taken each time: its copy is at the centre. */
  async #firstBox(): Promise<void> {
    const place = mkdtempSync(join(tmpdir(), 'gengfu-provision-'))
    try {
      const file = this.#machine(place)
      const dataDir = join(place, 'data')
      writeFileSync(
        file,
        JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), ...village }),
      )
      writeFileSync(join(place, 'passwords'), 'door-1:$scrypt$hash-of-door-1\n')
      const link = parseEnrolmentUrl(await this.#newUrl())
      if (!link.ok) throw new Error('no link')
      await enrolWithCentre({ dataDir, link: link.value })
      const clock = createSystemClock()
      const opened = CentreChanges.look(file)
      if (!opened.ok) throw new Error('no configuration')
      const zones = [{ id: 'square', isArmed: true, by: 'li', forMs: 1 }]
      const sender = new CopySender({
        dataDir,
        clock,
        isClockKept: () => true,
        wallMs: () => clock.wallMs(),
        copy: () => boxCopyOf(opened.value.config, { zones, bypassed: [], maintenance: [], shelved: [] }),
        logger: pino({ level: 'silent' }),
      })
      if (!(await sender.look())) throw new Error('the copy was not sent')
    } finally {
      rmSync(place, { recursive: true, force: true })
    }
  }

  async #newUrl(): Promise<string> {
    const answer = await this.#centre.post('/api/v1/enrolments', this.#chief, {
      box: this.#box,
      name: '上溪',
    })
    const { url } = (await answer.json()) as NewEnrolmentAnswer
    return url.replace('http://127.0.0.1', this.#centre.centre.httpUrl)
  }

  async #expectWhole(place: string, file: string, problem: (what: string) => void): Promise<void> {
    const dataDir = join(place, 'data')
    if (devicesOf(file) !== village.devices.length) problem('not all devices in the end')
    const opened = CentreChanges.look(file)
    if (!opened.ok || opened.value.config.box.id !== this.#box) problem('not the name of the box before')
    else if (opened.value.config.zones[0]?.place === undefined) problem('no place on the plan')
    if (readTakenOver(dataDir)?.guard === undefined) problem('no arming')
    await this.#expectOneCertificate(dataDir, problem)
  }

  async #expectOneCertificate(dataDir: string, problem: (what: string) => void): Promise<void> {
    const enrolled = readEnrolled(dataDir)
    if (!enrolled?.ok) return problem('not enrolled in the end')
    const inUse = readFileSync(enrolledPaths(dataDir).certFile, 'utf8')
    if (inUse !== `${enrolled.value.certificate}${enrolled.value.key}`)
      problem('another certificate in the file for TLS')
    const own = new X509Certificate(enrolled.value.certificate).serialNumber.toLowerCase()
    await until(async () => (await this.#validSerials()).join() === own).catch(async () =>
      problem(`valid certificates: ${(await this.#validSerials()).join()}, its own is ${own}`),
    )
  }

  async #validSerials(): Promise<string[]> {
    const answer = await this.#centre.get(`/api/v1/certificates?box=${this.#box}`, this.#chief)
    const { certificates } = (await answer.json()) as CertificatesAnswer
    return certificates
      .filter(({ revokedAtMs }) => revokedAtMs === undefined)
      .map(({ serial }) => serial.toLowerCase())
  }

  /** With the files for TLS: then the centre revokes the certificate of before. */
  async #connect(dataDir: string): Promise<void> {
    const files = enrolledPaths(dataDir)
    const [url = ''] = this.#centre.centre.uplinkUrls ?? []
    const client = await connectAsync(url, {
      clientId: this.#box,
      reconnectPeriod: 0,
      cert: readFileSync(files.certFile),
      key: readFileSync(files.keyFile),
      ca: this.#authority,
    })
    await client.endAsync()
  }

  async #run(words: readonly string[], kill?: Kill): Promise<Ended> {
    const child = spawn(process.execPath, [builtCommand(), ...words], {
      env: environmentOf(kill),
      stdio: 'ignore',
    })
    // A gateway runs on where the step is beyond its start.
    const timer = setTimeout(() => child.kill('SIGTERM'), words[1] === 'enrol' ? 60_000 : 8000)
    return ended(child).finally(() => clearTimeout(timer))
  }
}

interface Kill {
  step: number
  paths: string
  when?: string
}
interface Ended {
  code: number | null
  isKilled: boolean
}

const environmentOf = (kill: Kill | undefined): NodeJS.ProcessEnv =>
  kill === undefined
    ? process.env
    : {
        ...process.env,
        NODE_OPTIONS: `--require ${preload}`,
        GENGFU_KILL_AT: String(kill.step),
        GENGFU_KILL_PATHS: kill.paths,
        ...(kill.when === undefined ? {} : { GENGFU_KILL_WHEN: kill.when }),
      }

const ended = (child: ReturnType<typeof spawn>): Promise<Ended> =>
  new Promise((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, isKilled: signal === 'SIGKILL' })),
  )

/** As a program that a test listens to. */
function killable(words: readonly string[], kill: Kill): Program {
  const given = environmentOf(kill)
  const wrap = ['NODE_OPTIONS', 'GENGFU_KILL_AT', 'GENGFU_KILL_PATHS', 'GENGFU_KILL_WHEN'].map(
    (name) => `${name}=${given[name] ?? ''}`,
  )
  return new Program(words, ['env', ...wrap])
}

function renew(dataDir: string, kill?: Kill): Promise<Ended> {
  const script = join(import.meta.dirname, 'renew-once.ts')
  const given = environmentOf(kill)
  const env = { ...given, NODE_OPTIONS: `${given['NODE_OPTIONS'] ?? ''} --import tsx` }
  return ended(spawn(process.execPath, [script, dataDir], { env, stdio: 'ignore' }))
}

function devicesOf(file: string): number {
  const opened = CentreChanges.look(file)
  return opened.ok ? opened.value.config.devices.length : -1
}

const hashesIn = (place: string): number => {
  try {
    return readFileSync(join(place, 'passwords'), 'utf8').trim().split('\n').length
  } catch {
    return 0
  }
}

const consoleOf = (file: string): string => {
  const opened = CentreChanges.look(file)
  return `http://127.0.0.1:${opened.ok ? opened.value.config.console.port : 0}`
}

const healthOf = async (file: string): Promise<HealthAnswer> =>
  (await (await fetch(`${consoleOf(file)}/api/v1/health`)).json()) as HealthAnswer

function sendList(file: string): Promise<Response> {
  const rows = Array.from({ length: importedDevices }, (_, at) => `d-${at + 1},按钮,第${(at % 5) + 1}户`)
  return fetch(`${consoleOf(file)}/api/v1/devices/import`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: `编号,类型,防区\n${rows.join('\n')}\n`,
  })
}

async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 300; turn++) {
    if (await check()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('not in time')
}

/** Every step of every scenario until it has no more. */
export async function runProvisioningKills(options: {
  every: number
  progress: (text: string) => void
}): Promise<ProvisioningResult> {
  const kills = new ProvisioningKills()
  await kills.start()
  for (const scenario of provisioningScenarios) {
    let wholeInARow = 0
    for (let step = 1; step <= stepsMax && wholeInARow < 2; step += options.every) {
      const before = kills.result.whole
      await kills.kill(scenario, step)
      wholeInARow = kills.result.whole > before ? wholeInARow + 1 : 0
    }
    options.progress(`${scenario}: ${JSON.stringify(kills.result)}`)
  }
  return kills.stop()
}
