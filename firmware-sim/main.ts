// `gengfu sim`: simulated devices from the command line.
import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import { buttonPresses } from '../protocols/domain/reading.ts'
import { describeProblems } from '../protocols/kit/result.ts'
import { runBridge, bridgeSimulatorNames } from './dialects/run-bridge.ts'
import { quirkNames, quirks, type Quirk } from './dialects/bridge-simulator.ts'
import { readCredentials } from './links/credentials.ts'
import type { ButtonPress } from './devices/alarm-button.ts'
import { populationMax } from './village/population.ts'
import { pressOnce } from './village/press-once.ts'
import { runVillage } from './village/run-village.ts'
import { parseScenario, type Scenario } from './village/scenario.ts'
import { createVillageConfig } from './village/village-config.ts'
import { print, printProblem } from '../platform/terminal.ts'

const number =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text)
    if (text.trim() === '' || !(value >= min && value <= max))
      throw new InvalidArgumentError(`a number from ${min} to ${max}.`)
    return value
  }
const whole =
  (min: number, max: number) =>
  (text: string): number => {
    const value = number(min, max)(text)
    if (!Number.isInteger(value)) throw new InvalidArgumentError(`a whole number from ${min} to ${max}.`)
    return value
  }
const mqttUrl = (text: string): string => {
  if (!/^mqtts?:\/\/[^/]+$/.test(text))
    throw new InvalidArgumentError('like mqtt://127.0.0.1:1883 or mqtts://box:8883.')
  return text
}
const press = (text: string): ButtonPress => {
  const found = buttonPresses.find((known) => known === text)
  if (!found) throw new InvalidArgumentError(`${buttonPresses.join(', ')}.`)
  return found
}

const dialect = (text: string): string => {
  if (!bridgeSimulatorNames.includes(text))
    throw new InvalidArgumentError(`${bridgeSimulatorNames.join(', ')}.`)
  return text
}
const addQuirk = (text: string, others: Quirk[]): Quirk[] => {
  const found = quirkNames.find((known) => known === text)
  if (!found) throw new InvalidArgumentError(`${quirkNames.join(', ')}.`)
  return [...others, found]
}

/** A boot count that grows from run to run, so that a gateway never takes a new event for a repeat of an old one. */
const bootNow = (): number => Math.floor(Date.now() / 1000) - Date.UTC(2026, 0, 1) / 1000

interface ConnectionFlags {
  url: string
  passwordFile?: string
  certDir?: string
  ca?: string
}

function connectionOptions(command: Command): Command {
  return command
    .requiredOption('--url <url>', 'the gateway, mqtt://host:port or mqtts://host:port | 网关地址', mqttUrl)
    .option('--password-file <file>', 'lines `device:password`, `*:password` for all others | 密码文件')
    .option('--cert-dir <folder>', '<device>.crt and <device>.key in PEM | 证书目录')
    .option('--ca <file>', "PEM of the authority behind the gateway's certificate | CA 证书")
}

const credentialsOf = ({ passwordFile, certDir, ca }: ConnectionFlags) =>
  readCredentials({ passwordFile, certDir, caFile: ca })

function readScenario(file: string): Scenario {
  const scenario = parseScenario(readFileSync(file, 'utf8'))
  if (!scenario.ok) throw new Error(`${file}: ${describeProblems(scenario.problems)}`)
  return scenario.value
}

const count = whole(1, populationMax)
const seed = whole(0, 0xffffffff)

function addVillage(program: Command): void {
  connectionOptions(program.command('village'))
    .description('a village of devices that connect, report and answer | 一整个村的设备')
    .option('--devices <n>', 'how many | 设备数', count, 20)
    .option('--seed <n>', 'the same seed gives the same village | 随机种子', seed, 7)
    .option(
      '--interval-seconds <s>',
      'mean time between routine reports, 0 for none | 上报间隔',
      number(0, 86_400),
      60,
    )
    .option('--rate <r>', 'more routine reports, so many a second in all | 每秒事件数', number(0, 100_000))
    .option('--in-flight <n>', 'unacknowledged events per device on the wire | 每台在途数', whole(1, 64), 1)
    .option(
      '--sleepy <share>',
      'share of the doors that connect only to report | 休眠设备比例',
      number(0, 1),
      0,
    )
    .option('--scenario <file>', 'YAML script of what happens | 情景脚本')
    .option(
      '--boot <n>',
      'first boot count (default: grows with time) | 启动次数',
      whole(1, Number.MAX_SAFE_INTEGER),
    )
    .option('--for-seconds <s>', 'ends by itself | 运行时长', number(0, 31 * 86_400))
    .option(
      '--dialect <name>',
      `behind one bridge, in its words: ${bridgeSimulatorNames.join(', ')} | 方言`,
      dialect,
    )
    .option('--bridge <id>', 'with --dialect: the bridge, as in bridges[].id | 网桥编号')
    .option('--presses-per-minute <n>', 'with --dialect: calls for help | 每分钟求助', number(0, 6000), 1)
    .option(
      '--quirk <name>',
      `with --dialect, several times: ${quirkNames.map((name) => `${name}: ${quirks[name]}`).join('; ')} | 怪癖`,
      addQuirk,
      [] as Quirk[],
    )
    .action(async (flags) => {
      if (flags.dialect !== undefined) {
        const bridge = flags.bridge ?? flags.dialect
        await runBridge({
          ...flags,
          dialect: flags.dialect,
          bridge,
          quirks: flags.quirk,
          credential: credentialsOf(flags)(bridge),
        })
        return
      }
      await runVillage({
        ...flags,
        credential: credentialsOf(flags),
        boot: flags.boot ?? bootNow(),
        scenario: flags.scenario === undefined ? undefined : readScenario(flags.scenario),
      })
    })
}

function createProgram(): Command {
  const program = new Command('gengfu sim').description(
    'Simulated devices for trials and tests | 模拟设备，供试用与测试',
  )
  addVillage(program)
  connectionOptions(program.command('press'))
    .description('one press of one button, until the gateway has it | 按一次按钮')
    .requiredOption('--device <id>', 'such as button-001 | 设备编号')
    .option('--how <press>', buttonPresses.join(', '), press, 'pressed')
    .option('--wait-seconds <s>', 'gives up after | 最长等待', number(1, 3600), 30)
    .option('--watch', 'stays and shows the receipts until closed | 显示处置进度')
    .action(async (flags) => {
      await pressOnce({ ...flags, credential: credentialsOf(flags)(flags.device), boot: bootNow() })
    })

  program
    .command('config')
    .description("prints zones: and devices: for the gateway's configuration | 打印网关配置片段")
    .option('--devices <n>', 'how many | 设备数', count, 20)
    .option('--seed <n>', 'as given to `village` | 随机种子', seed, 7)
    .option('--interval-seconds <s>', 'as given to `village` | 上报间隔', number(0, 86_400), 60)
    .action((flags) => {
      print(createVillageConfig(flags))
    })
  return program
}

/** Runs `gengfu sim` with the words after `sim`; sets the exit code. */
export async function runSim(argv: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync(argv, { from: 'user' })
  } catch (error) {
    printProblem(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
