// `gengfu device list|adopt|replace|forget|rename`: through the console of a running box, or on the data folder of a
// stopped one.
import { Command, CommanderError } from 'commander'
import type { DevicesAnswer, UnregisteredDevice, ListedDevice } from '../../protocols/console/api.ts'
import { ok, type Result } from '../../protocols/kit/result.ts'
import { print, printProblem } from '../../platform/terminal.ts'
import { CentreChanges, type OpenedConfig } from '../config/centre-changes.ts'
import { speaksFrom, type RegistryRequest } from '../config/registry-changes.ts'
import { deviceIdOf } from '../dialects/meaning/values.ts'
import { lockJournal } from '../journal/lock.ts'
import { parseDeviceRequest } from '../console/device-controls.ts'
import { askerOf, callBox, consoleOf, wordsOf } from './box-call.ts'

interface Choices {
  config: string
  console?: string
  by?: string
  json?: boolean
}

export async function runDevice(argv: readonly string[]): Promise<number> {
  let code = 0
  const program = new Command('gengfu device')
    .description('Lists, adopts, replaces, forgets and renames devices\n设备：列出、登记、更换、移除、改名')
    .addHelpText('after', '\nUsually 通常: gengfu device list --config gateway.yaml')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
  const add = (name: string, words: string): Command =>
    program
      .command(name)
      .description(words)
      .requiredOption('--config <file>', 'YAML configuration of the box 网关配置文件')
      .option('--console <url>', 'where its console answers, if not at console.host and port 控制台地址')
      .option('--by <name>', 'your name, as it is noted 操作人', undefined)
  const change = (what: RegistryRequest['do']) => async (body: object, choices: Choices) => {
    code = await runChange(what, { ...body, by: askerOf(choices.by) }, choices)
  }
  add('list', 'devices, and those that knock 已登记与待登记的设备')
    .option('--json', 'as one JSON object')
    .action(async (choices: Choices) => {
      code = await runList(choices)
    })
  add('adopt <address>', 'take in a device that knocks 登记新设备')
    .requiredOption('--kind <kind>', 'button, contact, motion, smoke, gas, leak, water, siren ... 类型')
    .option('--zone <zone>', 'where it is 防区')
    .option('--name <name>', 'what people call it 名称')
    .option('--id <id>', 'its id here; made from its address when left out 编号')
    .option('--via <bridge>', 'the bridge that carries it, where the box has not heard it 网桥')
    .option('--dialect <dialect>', 'its dialect, if it connects itself: native for our own messages 方言')
    .option('--base <topic>', 'first levels of its topics, with --dialect')
    .option('--codec <codec>', 'what reads its LoRaWAN frames 解码器')
    .option('--again', 'although other hardware took its place 重新启用已锁定的硬件')
    .action((address: string, { config, console: url, by, ...entry }: Choices & Record<string, unknown>) =>
      change('adopt')({ address, ...entry }, { config, ...given({ console: url, by }) }),
    )
  add('replace <device> <address>', 'other hardware takes its place; the old one is locked out 更换硬件')
    .option('--via <bridge>', 'the bridge that carries the new one 网桥')
    .action((device: string, address: string, { via, ...choices }: Choices & { via?: string }) =>
      change('replace')({ device, address, ...given({ via }) }, choices),
    )
  add('forget <device>', 'it is a device of this box no more 移除设备').action(
    (device: string, choices: Choices) => change('forget')({ device }, choices),
  )
  add('rename <device> <name>', 'another name; its id stays 改名').action(
    (device: string, name: string, choices: Choices) => change('rename')({ device, name }, choices),
  )
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : 2
  }
  return code
}

const given = <T extends object>(choices: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } =>
  Object.fromEntries(Object.entries(choices).filter(([, value]) => value !== undefined)) as never

function open(file: string): OpenedConfig | undefined {
  const opened = CentreChanges.look(file)
  if (opened.ok) return opened.value
  printProblem(`${file}: ${wordsOf(opened.problems)}\n`)
  return undefined
}

/** The running box is asked; if none runs, `offline` works on its data folder, under its lock. */
async function ask<T extends object>(
  opened: OpenedConfig,
  { console: url }: Choices,
  path: string,
  body: object | undefined,
  offline: () => Result<T>,
): Promise<Result<T>> {
  const place = consoleOf(opened.config, url)
  const called = place === undefined ? undefined : await callBox(place, path, body)
  if (called?.reached) return called.answer as Result<T>
  let release: () => void
  try {
    release = lockJournal(opened.config.dataDir)
  } catch (error) {
    const where =
      place === undefined ? 'say where with --console URL' : `${place} does not answer (${called?.why})`
    return {
      ok: false,
      problems: [
        {
          path: '',
          message: `the box runs, but its console is not reached: ${where}. ${(error as Error).message}`,
        },
      ],
    }
  }
  try {
    return offline()
  } finally {
    release()
  }
}

async function runChange(what: RegistryRequest['do'], body: object, choices: Choices): Promise<number> {
  const opened = open(choices.config)
  if (!opened) return 2
  let isOffline = false
  const { config, centre } = opened
  const done = await ask(opened, choices, `api/v1/devices/${what}`, body, () => {
    isOffline = true
    const request = parseDeviceRequest(what, Buffer.from(JSON.stringify(body)))
    if (!request.ok) return request
    const place = { devices: config.devices, inFile: centre.idsInFile(), idOf: deviceIdOf, knocking: [] }
    return centre.changeDevices(request.value, place)
  })
  if (!done.ok) {
    printProblem(`gengfu device ${what}: ${wordsOf(done.problems)}\n`)
    return 1
  }
  const { device } = done.value as { device: string }
  const when = isOffline
    ? 'it counts when the box starts 网关启动后生效'
    : 'the box starts anew with it within seconds 数秒内生效'
  print(`${device}: ${what}, ${when}\n`)
  return 0
}

async function runList(choices: Choices): Promise<number> {
  const opened = open(choices.config)
  if (!opened) return 2
  const listed = await ask<DevicesAnswer>(opened, choices, 'api/v1/devices', undefined, () =>
    ok(answerOf(opened)),
  )
  if (!listed.ok) {
    printProblem(`gengfu device list: ${wordsOf(listed.problems)}\n`)
    return 1
  }
  print(choices.json ? `${JSON.stringify(listed.value)}\n` : tableOf(listed.value))
  return 0
}

/** For a stopped box: the listed devices, without their presence. */
function answerOf({ config, registry }: OpenedConfig): DevicesAnswer {
  const { document } = registry
  return {
    v: 1,
    devices: config.devices.map((device) => ({
      id: device.id,
      kind: device.kind,
      ...given({ name: device.name, zone: device.zone, via: device.via }),
      presence: 'unknown',
      address: speaksFrom(device),
      source: document.adopted[device.id] ? 'adopted' : 'file',
    })),
    knocking: [],
    lockedOut: document.lockedOut,
    forgotten: document.forgotten,
    kinds: [],
    zones: config.zones.map(({ id }) => ({ id })),
    bridges: config.bridges.map(({ id, dialect }) => ({ id, dialect })),
    canChange: true,
  }
}

function tableOf({ devices, knocking, lockedOut, forgotten }: DevicesAnswer): string {
  const lines = [
    ...columns([
      ['device 设备', 'name 名称', 'kind 类型', 'zone 防区', 'hardware 硬件', 'presence 状态', 'entry 来源'],
      ...devices.map(lineOf),
    ]),
    ...(knocking.length > 0
      ? ['', 'Devices that knock: gengfu device adopt ADDRESS --kind KIND 待登记']
      : []),
    ...columns(knocking.map(knockLine)),
    ...(lockedOut.length > 0 ? ['', 'Locked out: other hardware took their place 已锁定'] : []),
    ...lockedOut.map(({ address, was, by }) => `  ${address}  (${was}, ${by})`),
    ...(forgotten.length > 0
      ? ['', `In the file and forgotten 配置文件中已移除: ${forgotten.join(', ')}`]
      : []),
  ]
  return `${lines.join('\n')}\n`
}

const age = (ms: number | undefined): string => (ms === undefined ? '' : `${Math.round(ms / 1000)} s`)

const lineOf = (device: ListedDevice): string[] => [
  device.id,
  device.name ?? '',
  device.kind ?? '',
  device.zone ?? '',
  device.via === undefined ? device.address : `${device.address} via ${device.via}`,
  `${device.presence} ${age(device.lastHeardAgoMs)}`.trim(),
  device.source,
]

const knockLine = (one: UnregisteredDevice): string[] => [
  `  ${one.address}`,
  one.via ?? one.dialect,
  [one.maker, one.model].filter(Boolean).join(' '),
  one.kind === undefined ? '' : `--kind ${one.kind}`,
  one.isLockedOut ? 'locked out 已锁定' : age(one.heardAgoMs),
  one.refused
    ? `refused 被拒：${one.refused.en}`
    : one.last === undefined
      ? ''
      : JSON.stringify(one.last).slice(0, 80),
]

function columns(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)))
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
