// Question: does `gengfu check` find each planted fault, name it with its remedy in the language of the reader, and end with the right code?
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { checkBox } from '../../../gateway/cli/check/check-box.ts'
import { exitCodeOf, textOf } from '../../../gateway/cli/check/check-report.ts'
import {
  readRunning,
  systemWorld,
  type CheckWorld,
  type RunningBox,
} from '../../../gateway/cli/check/check-world.ts'
import { runCheck } from '../../../gateway/cli/check-command.ts'
import { faultsOf } from '../../../centre/fleet/fleet-view.ts'
import { BoxExtras } from '../../../gateway/health/board/box-extras.ts'
import { readBoard } from '../../../gateway/health/board/board-facts.ts'
import { BoxFindings } from '../../../gateway/health/file-findings.ts'
import { HealthReport } from '../../../gateway/health/health-report.ts'
import { vitalsOf } from '../../../gateway/health/vitals.ts'
import { boxVitalsSchema } from '../../../protocols/uplink/box-vitals.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { readGatewayConfig } from '../../../gateway/config/config.ts'
import type { HealthAnswer, HealthDevice } from '../../../protocols/console/api.ts'
import { faultText, type FaultCode } from '../../../protocols/health/faults.ts'
import { createAuthority, type TestAuthority } from '../../kits/broker/certificates.ts'
import { createBoxFolder, startBox, type BoxInProcess } from '../../kits/system/box-in-process.ts'

const place = createBoxFolder()
const { folder } = place
const dayMs = 86_400_000
const nowMs = Date.now()
let box: BoxInProcess
let sound: RunningBox
let authority: TestAuthority

const village = {
  zones: [{ id: 'square' }],
  devices: [{ id: 'door-1', name: '西门', kind: 'contact', zone: 'square' }],
}

beforeAll(async () => {
  box = await startBox(folder, village)
  const read = readGatewayConfig(write('running', {}))
  const running = read.ok ? await readRunning(read.value) : undefined
  if (!running) throw new Error('the box does not answer at its control socket')
  // Faults of the machine that runs the test must not appear.
  const { board: _board, sim: _sim, flash: _flash, ...health } = running.health
  const device: HealthDevice = { id: 'door-1', name: '西门', presence: 'present' }
  sound = {
    knocking: [],
    health: {
      ...health,
      clock: { quality: 'synced', atMs: nowMs },
      link: { state: 'connected', forMs: 1, roundTripMs: 40 },
      devices: { known: 1, present: 1, list: [device] },
      disk: { freeBytes: 8e9, totalBytes: 16e9 },
    },
  }
  authority = await createAuthority()
}, 60_000)
afterAll(async () => {
  await box.gateway.stop()
  place.remove()
})

function write(name: string, config: object): string {
  const file = join(folder, `${name}.yaml`)
  const own = {
    box: { id: 'upper-brook' },
    dataDir: 'box',
    mqtt: { listeners: [{ host: '127.0.0.1', port: 0 }], anonymous: true },
    console: { port: 1 },
    uplink: { url: 'mqtt://127.0.0.1:1' },
    ...village,
  }
  writeFileSync(file, JSON.stringify({ ...own, ...config }))
  return file
}

function plant(name: string, files: Record<string, string>): string {
  const root = join(folder, 'roots', name)
  mkdirSync(root, { recursive: true })
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

const world = (part: Partial<CheckWorld> = {}): CheckWorld => ({
  wallMs: nowMs,
  isSynced: async () => true,
  root: plant('well', {}),
  reach: async () => undefined,
  running: async () => sound,
  ...part,
})
/** The running box with these changes. */
const running = (health: Partial<HealthAnswer>, more: Partial<RunningBox> = {}): Partial<CheckWorld> => ({
  running: async () => ({ ...sound, ...more, health: { ...sound.health, ...health } }),
})
const device = (part: Partial<HealthDevice>): Partial<CheckWorld> =>
  running({ devices: { known: 1, present: 1, list: [{ id: 'door-1', presence: 'present', ...part }] } })
const away = { uplink: { url: 'mqtts://203.0.113.9:8883' } }
const refused = async (): Promise<string> => 'no answer'
const routes = (line: string): string =>
  `Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n${line}\n`

async function certificates(name: string, holder: string, choice: object): Promise<object> {
  const { cert, key } = await authority.issueDevice(holder, choice)
  const at = (end: string, text: string): string => {
    const file = join(folder, `${name}.${end}`)
    writeFileSync(file, text)
    return file
  }
  const caFile = at('ca', authority.cert)
  return {
    uplink: { url: 'mqtts://127.0.0.1:1', caFile, certFile: at('crt', cert), keyFile: at('key', key) },
  }
}
const camera = (isOffline: boolean, zh: string, en: string): Partial<CheckWorld> =>
  running({
    cameras: [
      { id: 'cam-1', name: '路口', zone: 'square', picture: 'none', isOffline, problem: { zh, en } },
    ] as never,
  })

interface Plant {
  config?: object | (() => Promise<object>)
  world?: Partial<CheckWorld>
  grade?: 'act'
}
const plants: [FaultCode, string, Plant][] = [
  ['clock-impossible', 'the clock is at 1970', { world: { wallMs: 5 * dayMs }, grade: 'act' }],
  [
    'clock-unsynced',
    'the clock is not synchronised',
    { world: running({ clock: { quality: 'unsynced', atMs: nowMs } }) },
  ],
  [
    'clock-differs',
    'the clock is a minute off',
    { world: running({ clock: { quality: 'synced', atMs: nowMs, offsetMs: 60_000 } }) },
  ],
  [
    'disk-low',
    'the disk is full',
    { world: running({ disk: { freeBytes: 9e6, totalBytes: 16e9 } }), grade: 'act' },
  ],
  ['folder-missing', 'the disk is not mounted', { config: { dataDir: 'nowhere' } }],
  ['config-wrong', 'a key is spelled wrongly', { config: { zoness: [] }, grade: 'act' }],
  [
    'config-idle',
    'a rule rings a siren that is not there',
    { config: { rules: [{ id: 'r', when: { colours: ['red'] }, device: 'siren-9', do: 'siren' }] } },
  ],
  [
    'secret-missing',
    'the file of passwords is not there',
    { config: { mqtt: { listeners: [{ host: '127.0.0.1', port: 0 }], passwordFile: 'no-such-file' } } },
  ],
  [
    'certificate-wrong',
    'the certificate has expired',
    {
      config: () =>
        certificates('over', 'upper-brook', {
          notBefore: new Date(nowMs - 9 * dayMs),
          notAfter: new Date(nowMs - dayMs),
        }),
      grade: 'act',
    },
  ],
  [
    'certificate-wrong',
    'the certificate is of another box',
    { config: () => certificates('other', 'lower-brook', {}), grade: 'act' },
  ],
  [
    'certificate-ends',
    'the certificate ends this month',
    { config: () => certificates('soon', 'upper-brook', { notAfter: new Date(nowMs + 9 * dayMs) }) },
  ],
  ['no-centre', 'no centre is configured', { config: { uplink: undefined } }],
  [
    'centre-unreachable',
    'the port of the centre is closed',
    { world: { reach: systemWorld().reach }, grade: 'act' },
  ],
  [
    'dns-fails',
    'the name of the centre is wrong',
    {
      config: { uplink: { url: 'mqtts://no-such-town.invalid:8883' } },
      world: { reach: refused },
      grade: 'act',
    },
  ],
  [
    'no-route',
    'the address of the gateway of the network is missing',
    {
      config: away,
      world: {
        reach: refused,
        root: plant('no-route', {
          'proc/net/route': routes('eth0 0001A8C0 00000000 0001 0 0 0 00FFFFFF 0 0 0'),
        }),
      },
      grade: 'act',
    },
  ],
  [
    'route-dead',
    'the address of the gateway of the network is wrong',
    {
      config: away,
      world: {
        reach: refused,
        root: plant('route', {
          'proc/net/route': routes('eth0 00000000 0101A8C0 0003 0 0 0 00000000 0 0 0'),
          'proc/net/arp':
            'IP address HW type Flags HW address Mask Device\n192.168.1.1 0x1 0x0 00:00:00:00:00:00 * eth0\n',
        }),
      },
      grade: 'act',
    },
  ],
  [
    'gateway-stopped',
    'the program does not run',
    { world: { running: async () => undefined }, grade: 'act' },
  ],
  [
    'not-linked',
    'the centre refuses the box',
    {
      world: running({
        link: { state: 'waiting', forMs: 9, problem: { zh: '证书被拒', en: 'certificate refused' } },
      }),
      grade: 'act',
    },
  ],
  [
    'link-slow',
    'the link is slow',
    { world: running({ link: { state: 'connected', forMs: 9, roundTripMs: 8000 } }) },
  ],
  [
    'buffer-waits',
    'records pile up',
    {
      get world() {
        return running({ lanes: { ...sound.health.lanes, blue: { last: 9000, receipted: 1 } } })
      },
    },
  ],
  [
    'device-silent',
    'a device is silent',
    { world: device({ presence: 'silent', lastHeardAgoMs: 9e6 }), grade: 'act' },
  ],
  [
    'devices-unheard',
    'no device has sent a message since the box was replaced',
    { world: device({ presence: 'unknown', isUnheard: true }), grade: 'act' },
  ],
  ['battery-low', 'a battery is low', { world: device({ batteryPercent: 9 }) }],
  [
    'battery-ends',
    'a battery ends next month',
    { world: device({ batteryPercent: 60, flatAtMs: nowMs + 30 * dayMs }) },
  ],
  ['signal-weak', 'a sensor is too far away', { world: device({ signalDbm: -121 }) }],
  [
    'device-refused',
    'a device has the wrong password',
    {
      world: running(
        {},
        {
          knocking: [
            {
              address: 'door-7',
              dialect: 'native',
              readings: [],
              commands: [],
              refused: { zh: '密码错误', en: 'wrong password' },
            },
          ],
        },
      ),
    },
  ],
  [
    'unreadable',
    'a device sends messages that no dialect knows',
    {
      world: running({
        quarantine: { count: 3, latest: [{ agoMs: 1, topic: 'x/y', bytes: 3, problem: 'not JSON' }] },
      }),
    },
  ],
  ['camera-dead', 'a camera is dead', { world: camera(true, '无应答', 'no answer'), grade: 'act' }],
  [
    'camera-faulty',
    'the password of a camera was changed',
    { world: camera(false, '密码错误', 'wrong user or password') },
  ],
  [
    'bridge-down',
    'a bridge is dead',
    {
      world: running({ bridges: [{ id: 'z2m', dialect: 'zigbee2mqtt', isConnected: false }] }),
      grade: 'act',
    },
  ],
  [
    'journal-dropping',
    'the journal is full',
    {
      get world() {
        return running({ journal: { ...sound.health.journal, state: 'dropping' } })
      },
      grade: 'act',
    },
  ],
  [
    'journal-salvaged',
    'the card has damaged the journal',
    {
      get world() {
        return running({ journal: { ...sound.health.journal, state: 'salvaged' } })
      },
    },
  ],
  ['card-worn', 'the card wears out', { world: running({ flash: { writtenBytes: 1, cardYears: 0.4 } }) }],
  [
    'memory-low',
    'the memory is used up',
    { world: { root: plant('memory', { 'proc/meminfo': 'MemTotal: 512000 kB\nMemAvailable: 9000 kB\n' }) } },
  ],
  [
    'hot',
    'the box stands in the sun',
    { world: { root: plant('hot', { 'sys/class/thermal/thermal_zone0/temp': '86000' }) } },
  ],
  [
    'undervoltage',
    'the power supply is too weak',
    {
      world: { root: plant('volt', { 'sys/devices/platform/soc/soc:firmware/get_throttled': '50005' }) },
      grade: 'act',
    },
  ],
  [
    'on-battery',
    'the mains power is off',
    {
      world: {
        root: plant('mains', {
          'sys/class/power_supply/AC/type': 'Mains',
          'sys/class/power_supply/AC/online': '0',
        }),
      },
      grade: 'act',
    },
  ],
  [
    'sim-expires',
    'the SIM is paid until next week',
    {
      world: running({
        sim: { card: 'CMCC', expiresOn: new Date(nowMs + 6 * dayMs).toISOString().slice(0, 10) },
      }),
    },
  ],
  ['sim-weak', 'the antenna is bad', { world: running({ sim: { signalPercent: 8 } }) }],
]

test('a box without a fault has none', async () => {
  const report = await checkBox(write('well', {}), world())
  expect(report.faults).toEqual([])
  expect(exitCodeOf(report)).toBe(0)
  expect(plants.length).toBeGreaterThan(25)
})

test('judges the clock as the running box does, which the centre may have set, and the machine only when no box runs', async () => {
  const file = write('one-clock', {})
  const unkept = { isSynced: async () => false }
  const stated = async (quality: 'synced' | 'unsynced', isSynced: boolean): Promise<string[]> => {
    const clock = { ...sound.health.clock, quality }
    const report = await checkBox(file, world({ ...running({ clock }), isSynced: async () => isSynced }))
    return report.faults.map(({ code }) => code)
  }
  expect(await stated('synced', false)).toEqual([])
  expect(await stated('unsynced', true)).toEqual(['clock-unsynced'])
  const stopped = await checkBox(file, world({ ...unkept, running: async () => undefined }))
  expect(stopped.faults.map(({ code }) => code)).toEqual(['clock-unsynced', 'gateway-stopped'])
})

test.each(plants)('finds %s: %s', async (code, what, planted) => {
  const { config = {}, grade } = planted
  const file = write(what.replaceAll(' ', '-'), typeof config === 'function' ? await config() : config)
  const report = await checkBox(file, world(planted.world))
  const found = report.faults.find((one) => one.code === code)
  // If the route to the network does not work, the centre is unreachable too.
  const others = report.faults.filter((one) => one.code !== code && one.code !== 'centre-unreachable')
  expect([found?.code, others]).toEqual([code, []])
  expect(found?.grade).toBe(grade ?? 'watch')
  expect(exitCodeOf(report)).toBe(code === 'config-wrong' ? 2 : grade === 'act' ? 1 : 0)
  const { problem, remedy } = faultText(found ?? { code, facts: {} })
  for (const text of [problem.zh, problem.en, remedy.zh, remedy.en])
    expect(text).not.toMatch(/\{\w+\}|undefined/)
  const shown = textOf(report, 'en')
  expect(shown).toContain(problem.en)
  expect(shown).toContain(remedy.en)
})

/** They keep the box from its centre, which then names the box itself. */
const unlinked: ReadonlySet<FaultCode> = new Set([
  'clock-impossible',
  'folder-missing',
  'config-wrong',
  'no-centre',
  'centre-unreachable',
  'dns-fails',
  'no-route',
  'route-dead',
  'gateway-stopped',
  'not-linked',
])

test.each(plants.filter(([code]) => !unlinked.has(code)))(
  'the town sees %s too: %s',
  async (code, what, planted) => {
    const { config: own = {}, grade, world: part } = planted
    const file = write(`town-${what.replaceAll(' ', '-')}`, typeof own === 'function' ? await own() : own)
    const { root, running: ask } = world(part)
    const [opened, at] = [readGatewayConfig(file), { knocking: [], ...(await ask({} as never)) }]
    if (!opened.ok || !at.health) throw new Error('no box')
    const config = opened.value
    const certificate = new BoxExtras({
      config,
      clock: createSystemClock(),
      wallMs: () => nowMs,
      batteries: () => new Map(),
      isConnected: () => true,
      onFailed: () => undefined,
      root,
    }).read().certificate
    const findings = new BoxFindings({
      config,
      monotonicMs: () => 0,
      wallMs: () => nowMs,
      knocking: () => at.knocking,
    })
    const vitals = vitalsOf({
      ...at.health,
      board: readBoard(root),
      ...(certificate ? { certificate } : {}),
      findings: findings.read(),
    })
    const seen = faultsOf(
      {
        id: 'upper-brook',
        name: 'upper brook',
        presence: 'present',
        lastHeardAtMs: nowMs,
        isClockSynced: at.health.clock.quality !== 'unsynced',
        clockOffsetMs: at.health.clock.offsetMs,
        vitals: boxVitalsSchema.parse(JSON.parse(JSON.stringify(vitals))),
      },
      nowMs,
    )
    // An expired certificate is wrong and at its end.
    expect(seen.map((one) => one.code).filter((one) => one !== 'certificate-ends' || one === code)).toEqual([
      code,
    ])
    expect(seen.find((one) => one.code === code)?.grade).toBe(grade ?? 'watch')
    const { problem, remedy } = faultText(seen[0] ?? { code, facts: {} })
    for (const text of [problem.zh, problem.en, remedy.zh, remedy.en])
      expect(text).not.toMatch(/\{\w+\}|undefined/)
  },
)

test('names the messages of a device that came again or could not be read', async () => {
  const report = await checkBox(write('repeats', {}), world(device({ repeats: 12, refused: 3 })))
  expect(textOf(report, 'en')).toContain('door-1: 12 messages repeated, 3 messages not readable')
  expect(textOf(report, 'zh')).toContain('door-1：重复 12 条，无法识别 3 条')
})

test('prints text in one language, or JSON with the exit code', async () => {
  const file = write('both', {})
  const lines: string[] = []
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0)
  const silent = world(device({ presence: 'silent', lastHeardAgoMs: 9e6 }))
  await runCheck(['--config', file, '--lang', 'zh'], silent)
  const chinese = lines.splice(0).join('')
  const code = process.exitCode
  await runCheck(['--config', file, '--json'], silent)
  spy.mockRestore()
  process.exitCode = 0
  expect(code).toBe(1)
  expect(chinese).toContain('设备 door-1 已失联')
  expect(chinese).not.toContain('silent')
  const report = JSON.parse(lines.join('')) as { exitCode: number; faults: object[] }
  expect(report).toMatchObject({
    exitCode: 1,
    faults: [
      { code: 'device-silent', grade: 'act', about: 'door-1', remedy: { zh: expect.any(String) as string } },
    ],
  })
})

test('a listed device is unheard once its time after the start is over, and one that reports once a day a day later', async () => {
  const heard = (minutes: number, device: object): boolean[] =>
    [0, minutes].map(
      (at) => reportAfter(at * 60_000, { id: 'd', kind: 'contact', ...device }).isUnheard === true,
    )
  expect(heard(9, {})).toEqual([false, false])
  expect(heard(11, {})).toEqual([false, true])
  expect(heard(11, { reportIntervalS: 86_400 })).toEqual([false, false])
  expect(heard(60 * 37, { reportIntervalS: 86_400 })).toEqual([false, true])
})

/** A device that was never heard, so long after the start. */
function reportAfter(uptimeMs: number, device: object): HealthDevice {
  const report = new HealthReport({
    config: { devices: [device], zones: [] },
    broker: { sightingOf: () => ({}), sightings: () => [] },
    documents: { get: () => undefined, keys: () => [] },
    now: () => ({ steadyMs: 0 }),
    monotonicMs: () => uptimeMs,
    startedMs: 0,
  } as never)
  return report.device('d')
}

test('twin: the control socket of a real running box gives its health without the console', async () => {
  const read = readGatewayConfig(write('door', {}))
  const answer = read.ok ? await readRunning(read.value) : undefined
  expect(answer?.health.box.id).toBe('upper-brook')
  expect(answer?.health.board).toBeDefined()
  const stopped = readGatewayConfig(write('stopped', { dataDir: 'elsewhere' }))
  expect(stopped.ok && (await readRunning(stopped.value))).toBe(undefined)
})
