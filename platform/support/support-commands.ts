// `gengfu support-bundle` and `gengfu log-level`, for a box and for a centre. They ask the running program over its control socket; if no
// program runs, the bundle is made from the files on the disk.
import { writeFileSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { Command, CommanderError } from 'commander'
import { parseConfigYaml, readConfigText } from '../config-text.ts'
import { print, printJson, printProblem } from '../terminal.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { isObject } from '../../protocols/kit/parse-json.ts'
import { bad, describeProblems, ok, type Result } from '../../protocols/kit/result.ts'
import { callControlSocket } from './control-socket.ts'
import type { LevelsAnswer } from './level-calls.ts'
import { levelMinutesDefault } from './log-levels.ts'
import { createBundle, machineText, readServiceLog } from './support-bundle.ts'

interface Place {
  dataDir: string
  config: Readonly<Record<string, unknown>>
  unit: string
}

/** The folder of the program and its configuration as the file has it, with absolute paths. */
function readPlace(file: string): Result<Place> {
  const text = readConfigText(file)
  const read = text.ok ? parseConfigYaml(text.value) : text
  if (!read.ok) return read
  const folder = dirname(resolve(file))
  const config = withAbsoluteFiles(read.value, folder)
  if (!isObject(config) || typeof config['dataDir'] !== 'string') return bad('a file with dataDir', 'dataDir')
  const unit = config['mqtt'] === undefined ? 'gengfu-centre' : 'gengfu-gateway'
  return ok({ dataDir: config['dataDir'], config, unit })
}

function withAbsoluteFiles(value: unknown, folder: string): unknown {
  if (Array.isArray(value)) return value.map((inner) => withAbsoluteFiles(inner, folder))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      typeof inner === 'string' && (key === 'dataDir' || key.endsWith('File')) && !isAbsolute(inner)
        ? join(folder, inner)
        : withAbsoluteFiles(inner, folder),
    ]),
  )
}

/** What can be said while no program runs. */
async function bundleOfDisk({ config, unit }: Place): Promise<Buffer> {
  const parts = [
    { name: 'service.log', text: await readServiceLog(unit) },
    { name: 'machine.txt', text: machineText() },
    { name: 'stopped.txt', text: 'The program did not run. 程序未运行。\n' },
  ]
  return createBundle({ config, parts, atMs: createSystemClock().wallMs() })
}

async function run(program: Command, argv: readonly string[]): Promise<void> {
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : 2
  }
}

function fail(name: string, problem: Result<unknown>): void {
  if (problem.ok) return
  printProblem(`gengfu ${name}: ${describeProblems(problem.problems)}\n`)
  process.exitCode = 2
}

export async function runSupportBundle(argv: readonly string[]): Promise<void> {
  const program = new Command('gengfu support-bundle')
    .description('one file for a maintainer far away: log, configuration, health, no secrets 支持包')
    .requiredOption('--config <file>', 'configuration of the box or the centre 网关或中心的配置文件')
    .option('--out <file>', 'where to write it 输出文件')
    .exitOverride()
    .action(async ({ config: file, out }: { config: string; out?: string }) => {
      const place = readPlace(file)
      if (!place.ok) return fail('support-bundle', place)
      const asked = await callControlSocket(place.value.dataDir, 'bundle')
      if (asked && !asked.ok) return fail('support-bundle', asked)
      const bytes = asked?.value ?? (await bundleOfDisk(place.value))
      const stamp = new Date(createSystemClock().wallMs()).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')
      const target = out ?? `gengfu-support-${stamp}Z.tar.gz`
      writeFileSync(target, bytes, { mode: 0o600 })
      print(`${target}: ${Math.ceil(bytes.length / 1024)} KB\n`)
      if (!asked)
        print(
          'The program does not run: its health and its latest lines are missing. 程序未运行，缺少健康与最新日志。\n',
        )
    })
  await run(program, argv)
}

interface LevelFlags {
  config: string
  minutes: string
  json?: true
}

export async function runLogLevel(argv: readonly string[]): Promise<void> {
  const program = new Command('gengfu log-level')
    .description(
      'levels of the log by part while the program runs; without a part: lists them 运行时日志级别',
    )
    .argument('[part]', 'a part, or all 部分')
    .argument('[level]', 'trace, debug, info, warn, error, fatal, silent')
    .requiredOption('--config <file>', 'configuration of the box or the centre 配置文件')
    .option('--minutes <minutes>', 'for this long; 0 ends it 持续分钟', String(levelMinutesDefault))
    .option('--json', 'for programs 输出 JSON')
    .exitOverride()
    .action(async (part: string | undefined, level: string | undefined, flags: LevelFlags) => {
      const place = readPlace(flags.config)
      if (!place.ok) return fail('log-level', place)
      if (part !== undefined && level === undefined)
        return fail('log-level', bad('a level is missing 缺少级别'))
      const wanted =
        part === undefined ? undefined : { part, level, minutes: Number.parseFloat(flags.minutes) }
      const asked = await callControlSocket(place.value.dataDir, 'log-level', wanted)
      if (!asked) return fail('log-level', bad('the program does not run 程序未运行'))
      if (!asked.ok) return fail('log-level', asked)
      const { levels } = JSON.parse(asked.value.toString('utf8')) as LevelsAnswer
      if (flags.json) return void printJson(levels)
      for (const { part: name, level: now, minutesLeft } of levels)
        print(`${name.padEnd(16)} ${now}${minutesLeft === undefined ? '' : `  (${minutesLeft} min)`}\n`)
    })
  await run(program, argv)
}
