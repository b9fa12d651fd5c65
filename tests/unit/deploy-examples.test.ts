// Question: do the files in deploy/ fit the programs: configurations, units, certificates, alert rules?
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { parseCentreConfig } from '../../centre/config/config.ts'
import { loadCentreConfig } from '../../centre/config/load-config.ts'
import { parseGatewayConfig, readGatewayConfig } from '../../gateway/config/config.ts'
import { listeningOf, type Listening } from '../kits/network/listening-ports.ts'
import { createTown, freePort, type TestTown } from '../kits/system/programs.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

function certificates(...args: string[]): { status: number | null; stderr: string } {
  return spawnSync(process.execPath, [join(root, 'deploy/certificates.js'), ...args], { encoding: 'utf8' })
}

function make(...args: string[]): void {
  const { status, stderr } = certificates(...args)
  if (status !== 0) throw new Error(`certificates.js ${args.join(' ')}: ${stderr}`)
}

describe('the example configurations', () => {
  it('parse with the programs’ own parsers', () => {
    expect(readGatewayConfig(join(root, 'deploy/box/gateway.yaml'))).toMatchObject({ ok: true })
    expect(loadCentreConfig(join(root, 'deploy/centre/centre.yaml'))).toMatchObject({ ok: true })
    expect(readGatewayConfig(join(root, 'docker/box/gateway.yaml'))).toMatchObject({ ok: true })
    for (const name of ['centre/centre', 'county/county', 'county/town'])
      expect(loadCentreConfig(join(root, `docker/${name}.yaml`))).toMatchObject({ ok: true })
  })

  it('name the same box on both sides, and keep data where the units allow writing', () => {
    const box = parse(read('deploy/box/gateway.yaml')) as { box: { id: string }; dataDir: string }
    const centre = parse(read('deploy/centre/centre.yaml')) as { boxes: { id: string }[]; dataDir: string }
    expect(centre.boxes.map(({ id }) => id)).toContain(box.box.id)
    const stateOf = (unit: string): string =>
      `/var/lib/${/^StateDirectory=(.+)$/m.exec(read(unit))?.[1] ?? ''}`
    expect(box.dataDir).toBe(stateOf('deploy/box/gengfu-gateway.service'))
    expect(centre.dataDir).toBe(stateOf('deploy/centre/gengfu-centre.service'))
  })
})

describe.each(['README.md', 'README.zh.md'])('%s', (file) => {
  const blocks = [...read(file).matchAll(/```yaml\n([\s\S]+?)```/g)].map(([, text = '']) => text)

  it('shows a box and a centre that parse', () => {
    expect(blocks).toHaveLength(2)
    expect(parseGatewayConfig(blocks[0] ?? '', root)).toMatchObject({ ok: true })
    expect(parseCentreConfig(parse(blocks[1] ?? ''))).toMatchObject({ ok: true })
    expect(parseGatewayConfig(`${blocks[0]}misspelt: 1\n`, root)).toMatchObject({ ok: false })
  })

  it('names tests that are there, and leads nowhere else', () => {
    const tests = [...read(file).matchAll(/`(tests\/[a-z/-]+)`/g)].map(([, path = '']) => path)
    expect(tests.length).toBeGreaterThan(15)
    expect(tests.filter((path) => !existsSync(join(root, `${path}.test.ts`)))).toEqual([])
    const links = [...read(file).matchAll(/\]\((?!http|#)([^)]+)\)/g)].map(([, path = '']) => path)
    expect(links.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })
})

it('documents lead only to files that are there', () => {
  const documents = ['', 'docs', 'deploy', 'docker', 'gateway', 'tests'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  )
  const broken = documents.flatMap((file) =>
    [...read(file).matchAll(/\]\((?!http|#)([^)#]+)[^)]*\)/g)]
      .filter(([, path = '']) => !existsSync(join(root, dirname(file), path)))
      .map(([, path = '']) => `${file}: ${path}`),
  )
  expect(documents.length).toBeGreaterThan(15)
  expect(broken).toEqual([])
})

it('the box runs with the same settings of Node in a container as under systemd', () => {
  const ofUnit = /^Environment="NODE_OPTIONS=(.+)"$/m.exec(read('deploy/box/gengfu-gateway.service'))?.[1]
  expect(ofUnit).toContain('--v8-pool-size=1')
  expect(/^ENV NODE_OPTIONS="([^"]+)"/m.exec(read('docker/Dockerfile'))?.[1]).toBe(ofUnit)
})

it.each(readdirSync(join(root, 'docker')).filter((name) => name.startsWith('compose')))(
  '%s confines every container, and mounts only files that are there',
  (name) => {
    const { services } = parse(read(`docker/${name}`)) as {
      services: Record<string, { volumes: string[]; [setting: string]: unknown }>
    }
    for (const service of Object.values(services)) {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        restart: 'always',
        mem_limit: expect.any(String) as string,
        image: expect.stringMatching(/^gengfu-(box|centre):/) as string,
      })
      const files = service.volumes
        .map((one) => one.split(':')[0] ?? '')
        .filter((one) => one.endsWith('.yaml'))
      expect(files.filter((one) => !existsSync(join(root, 'docker', one)))).toEqual([])
    }
  },
)

const units = ['box/gengfu-gateway.service', 'centre/gengfu-centre.service']
const updateUnits = ['box/gengfu-update.service', 'box/gengfu-update.path']
const backupUnits = ['centre/gengfu-backup.service', 'centre/gengfu-backup.timer']

it.each([...units, ...backupUnits, ...updateUnits].map((unit) => `deploy/${unit}`))(
  'systemd ignores nothing of %s',
  (unit) => {
    // Without quotes only the first word of a value with blanks is used.
    expect(read(unit)).not.toMatch(/^Environment=[^"\n]* /m)
    // Where there is no systemd-analyze, stderr is null.
    const { stderr } = spawnSync('systemd-analyze', ['verify', join(root, unit)], { encoding: 'utf8' })
    expect(stderr ?? '').not.toMatch(/ignoring|Invalid|Unknown/)
  },
)

it.each([...units, 'centre/gengfu-backup.service', 'box/gengfu-update.service'])(
  'systemd rates the exposure of %s as OK or better',
  (unit) => {
    const args = ['security', '--offline=true', '--no-pager', join(root, 'deploy', unit)]
    // Where there is no systemd-analyze, stdout is null.
    const { stdout } = spawnSync('systemd-analyze', args, { encoding: 'utf8' })
    expect(stdout ?? 'level for x: 0 OK').toMatch(/level for .*: \d.*(OK|SAFE|PERFECT)/)
  },
)

it('a process of the cameras that the kernel takes for its memory does not stop the box', () => {
  expect(read('deploy/box/gengfu-gateway.service')).toMatch(/^OOMPolicy=continue$/m)
})

it('staging an update has no time limit: ended on a slow card, the same offer would start it again for ever', () => {
  expect(read('deploy/box/gengfu-update.service')).toMatch(/^TimeoutStartSec=infinity$/m)
})

describe('the systemd units', () => {
  it.each(['deploy/box/gengfu-gateway.service', 'deploy/centre/gengfu-centre.service'])(
    '%s starts a command that exists, restarts always and is confined',
    (unit) => {
      const text = read(unit)
      const command = /^ExecStart=\S+ \S+gengfu\.js (\S+) --config \S+$/m.exec(text)?.[1]
      const help = spawnSync(process.execPath, [join(root, 'bin/gengfu.js'), '--help'], { encoding: 'utf8' })
      expect(help.stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'))
      for (const line of [
        'Restart=always',
        'StartLimitIntervalSec=0',
        'TimeoutStopSec=6',
        'NoNewPrivileges=true',
        'ProtectSystem=strict',
      ])
        expect(text.split('\n')).toContain(line)
      expect(text).toMatch(/^RestartSec=\d+$/m)
      expect(text).toMatch(/^MemoryMax=\d+[MG]$/m)
    },
  )
})

describe('certificates and metrics of programs that run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-deploy-'))
  const at = (...parts: string[]): string => join(folder, ...parts)
  const boxId = '320612104201-1'
  let town: TestTown
  let uplinkPort = 0
  let listening: Listening[]
  let scraped: { box: string; centre: string }

  const boxUplink = (authority: string, port: number) => ({
    url: `mqtts://localhost:${port}`,
    caFile: at('boxes', 'ca.crt'),
    certFile: at(authority, `${boxId}.crt`),
    keyFile: at(authority, `${boxId}.key`),
    retrySecondsMax: 1,
  })
  const listener = (port: number) => ({
    host: '127.0.0.1',
    port,
    tls: {
      certFile: at('boxes', 'centre.crt'),
      keyFile: at('boxes', 'centre.key'),
      caFile: at('boxes', 'ca.crt'),
    },
  })

  beforeAll(async () => {
    for (const authority of ['boxes', 'strangers']) {
      make('authority', '--dir', at(authority))
      make('client', '--dir', at(authority), '--id', boxId)
    }
    make('server', '--dir', at('boxes'), '--name', 'centre', '--host', 'localhost', '127.0.0.1')
    const port = await freePort()
    uplinkPort = port
    // There is no camera at that address: the metrics of cameras exist all the same.
    const cameras = [{ id: 'camera-1', zone: 'shop', host: '127.0.0.1', port: 1 }]
    const uplink = boxUplink('boxes', port)
    town = await createTown({ uplink, cameras }, { uplink: { listeners: [listener(port)] } })
    const centre = await town.startCentre()
    const box = await town.startGateway()
    await until(async () => (await scrape(town.ports.console)).includes('gengfu_uplink_state{state="up"} 1'))
    listening = listeningOf([box.pid, centre.pid])
    scraped = { box: await scrape(town.ports.console), centre: await scrape(town.ports.http) }
  })
  afterAll(async () => {
    await town?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('a box with a certificate of the authority is at its centre over TLS', async () => {
    const { villages } = await town.get<{ villages: unknown[] }>('/api/v1/villages')
    expect(JSON.stringify(villages)).toContain(boxId)
  })

  it('no port listens that is not in the table of the handbook', () => {
    const table = ['threats.md', 'threats.zh.md'].map((page) =>
      [...read(`docs/${page}`).matchAll(/^\| \S+ +\| (TCP|UDP) +\| (?:`(.+?)`|\S+) +\|/gm)].map(
        ([, protocol = '', key = '']) => `${protocol} ${key}`,
      ),
    )
    expect(table[0]).toEqual(table[1])
    // Each open socket belongs to a key of the configuration that is in the table.
    const { mqtt, console, http } = town.ports
    const keys = new Map([
      [mqtt, 'TCP mqtt.listeners[].port'],
      [console, 'TCP console.port'],
      [http, 'TCP http.port'],
      [uplinkPort, 'TCP uplink.listeners[].port'],
    ])
    expect(listening.map(({ port }) => keys.get(port) ?? `undocumented: ${port}`).toSorted()).toEqual(
      [...keys.values()].toSorted(),
    )
    expect(table[0]).toEqual(expect.arrayContaining([...keys.values()]))
    // Every key of a listening port has its row; the others are ports of other machines.
    const ports = [...read('docs/config-keys.md').matchAll(/^\| `([a-zA-Z0-9.[\]]*\bport)` /gm)].map(
      ([, key = '']) => key,
    )
    const elsewhere = [
      'cameras[].port',
      'bridges[].modbus.port',
      'outlets[].receivers[].port',
      'outlets[].port',
    ]
    expect(ports.filter((key) => !elsewhere.includes(key) && !table[0]?.includes(`TCP ${key}`))).toEqual([])
  })

  it('a box with the same name from another authority is not let in', async () => {
    const port = await freePort()
    const other = await createTown(
      { uplink: boxUplink('strangers', port) },
      { uplink: { listeners: [listener(port)] } },
    )
    try {
      await other.startCentre()
      await other.startGateway()
      await until(async () =>
        /gengfu_uplink_closes_total\{.*\} [1-9]/.test(await scrape(other.ports.console)),
      )
      expect(await scrape(other.ports.console)).toContain('gengfu_uplink_state{state="up"} 0')
    } finally {
      await other.close()
    }
  })

  it('keys are for their owner alone, and no file is written over', () => {
    expect(statSync(at('boxes', 'ca.key')).mode & 0o777).toBe(0o600)
    const before = readFileSync(at('boxes', 'ca.key'), 'utf8')
    expect(certificates('authority', '--dir', at('boxes'))).toMatchObject({ status: 2 })
    expect(readFileSync(at('boxes', 'ca.key'), 'utf8')).toBe(before)
    expect(certificates('client', '--dir', at('boxes'), '--id', 'no/slash').status).toBe(2)
    expect(certificates('client', '--dir', at('nobody'), '--id', 'x').stderr).toContain('no authority')
  })

  it('the alert rules name only metrics and labels that the programs answer', () => {
    const { groups } = parse(read('deploy/monitoring/alerts.yml')) as {
      groups: { name: string; rules: { alert: string; expr: string }[] }[]
    }
    const problems = groups.flatMap(({ name, rules }) => {
      const text = name === 'gengfu-box' ? scraped.box : scraped.centre
      return rules.flatMap(({ alert, expr }) =>
        problemsOf(expr, text).map((problem) => `${alert}: ${problem}`),
      )
    })
    expect(problems).toEqual([])
    expect(groups.flatMap(({ rules }) => rules).length).toBeGreaterThan(10)
  })

  it.each(readdirSync(join(root, 'deploy/monitoring/dashboards')))(
    'the dashboard %s asks only for metrics and labels that the programs answer',
    (file) => {
      const { uid, panels } = JSON.parse(read(`deploy/monitoring/dashboards/${file}`)) as {
        uid: string
        panels: { title: string; targets: { expr: string }[] }[]
      }
      const text = file === 'gengfu-box.json' ? scraped.box : scraped.centre
      const problems = panels.flatMap(({ title, targets }) =>
        targets.flatMap(({ expr }) => problemsOf(expr, text).map((problem) => `${title}: ${problem}`)),
      )
      expect(problems).toEqual([])
      expect(`${uid}.json`).toBe(file)
      expect(panels.length).toBeGreaterThan(9)
    },
  )

  it('promtool takes the rules', () => {
    // Where there is no promtool, the status is null; the names are checked above.
    const rules = join(root, 'deploy/monitoring/alerts.yml')
    const { status } = spawnSync('promtool', ['check', 'rules', rules])
    expect(status ?? 0).toBe(0)
  })

  it('notices an alert rule on a metric or label that does not exist', () => {
    expect(problemsOf('gengfu_nothing_total > 1', scraped.box)).toHaveLength(1)
    expect(problemsOf('gengfu_uplink_state{colour="up"} == 0', scraped.box)).toHaveLength(1)
  })

  it('the handbook names only metrics that the programs answer', () => {
    // This centre reports to no other one, and is the only one of its database (deploy/postgresql-rules.test.ts has those names).
    const names = new Set(
      read('docs/health-and-metrics.md').match(
        /\bgengfu_(?!centre_(?:upward_|has_duties|fence_losses_total))[a-z_]+/g,
      ),
    )
    const both = scraped.box + scraped.centre
    const unknown = [...names].filter((name) => !isMetric(name, both))
    expect(unknown).toEqual([])
    expect(names.size).toBeGreaterThan(25)
  })
})

const isMetric = (name: string, text: string): boolean =>
  text.includes(`# TYPE ${name} `) ||
  text.includes(`# TYPE ${name.replace(/_(bucket|sum|count)$/, '')} histogram`)

/**
 * The names in `expr` that the scraped text does not contain. Labels can be checked if the metric has samples already.
 */
function problemsOf(expr: string, text: string): string[] {
  return [...expr.matchAll(/\b((?:gengfu|process)_[a-z_]+)(?:\{([^}]*)\})?/g)].flatMap(
    ([, name = '', selector]) => {
      if (!isMetric(name, text)) return [`no metric ${name}`]
      const sample = text.split('\n').find((line) => line.startsWith(`${name}{`))
      const labels = [...(selector ?? '').matchAll(/([a-z_]+)(?:=~|!=|=)/g)].map(([, label = '']) => label)
      return (
        labels
          // Prometheus adds these two itself.
          .filter((label) => label !== 'job' && label !== 'instance')
          .filter((label) => sample !== undefined && !sample.includes(`${label}="`))
          .map((label) => `${name} has no label ${label}`)
      )
    },
  )
}

async function scrape(port: number): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let left = 100; left > 0; left--) {
    if (await isSo()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('it did not come about')
}
