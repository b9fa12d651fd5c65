// `gengfu judge`: the alarm engine over a CSV in virtual time, for installers who tune limits with last year's data.
import { readFileSync } from 'node:fs'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { encodeDeviceEvent, parseDeviceEvent } from '../../protocols/device-mqtt/device-event.ts'
import { ok, type Problem, type Result } from '../../protocols/kit/result.ts'
import type { AlarmSettings } from '../config/alarm-settings.ts'
import { readGatewayConfig } from '../config/config.ts'
import { judgeRecording } from '../alarms/replay/judge-recording.ts'
import { parseReadingsCsv, type CsvRow } from '../alarms/replay/readings-csv.ts'
import { printJson, printProblem } from '../../platform/terminal.ts'

interface Choices {
  config: string
  device: string
  csv: string
  column: Record<string, string>
  acceptAfter: number
}

function addColumn(text: string, columns: Record<string, string>): Record<string, string> {
  const [from, to, ...rest] = text.split('=')
  if (!from || !to || rest.length > 0) throw new InvalidArgumentError('like stageMm=waterLevelMm')
  return { ...columns, [from]: to }
}

function parseSeconds(text: string): number {
  if (text === 'never') return Infinity
  const seconds = Number(text)
  if (!Number.isFinite(seconds) || seconds < 0) throw new InvalidArgumentError('seconds, or never')
  return seconds
}

function readSettings(file: string): Result<AlarmSettings> {
  const config = readGatewayConfig(file)
  if (!config.ok) return config
  const { box, zones, devices, rules, limits } = config.value
  return ok({ boxId: box.id, zones, devices, rules, limits })
}

/** The rows in order of time; a row that no device could have sent is a problem, as it would be at the broker. */
function readRows(file: string, device: string, columns: Record<string, string>): Result<CsvRow[]> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    return { ok: false, problems: [{ path: file, message: `can not be read: ${(error as Error).message}` }] }
  }
  const parsed = parseReadingsCsv(text, columns)
  if (!parsed.ok) return parsed
  const problems: Problem[] = []
  for (const { readings, line } of parsed.value) {
    const event = parseDeviceEvent(device, encodeDeviceEvent({ messageId: `line-${line}`, readings }))
    // On a box a bad value is set aside; here it is reported.
    const found = event.ok
      ? (event.value.setAside ?? []).map(({ path, reason }) => ({ path, message: reason }))
      : event.problems
    problems.push(...found.map((one) => ({ ...one, path: `line ${line} ${one.path}` })))
    if (problems.length >= 20) break
  }
  return problems.length > 0 ? { ok: false, problems } : ok(parsed.value.sort((a, b) => a.atMs - b.atMs))
}

function fail(problems: readonly Problem[]): void {
  for (const { path, message } of problems) printProblem(`${path === '' ? '' : `${path}: `}${message}\n`)
  process.exitCode = 2
}

/** False when the reader has closed the pipe, as `head` does. */
function answer(line: object): boolean {
  return process.stdout.writable && printJson(line) !== undefined
}

function judge(choices: Choices): void {
  const settings = readSettings(choices.config)
  if (!settings.ok) return fail(settings.problems)
  const rows = readRows(choices.csv, choices.device, choices.column)
  if (!rows.ok) return fail(rows.problems)
  if (!settings.value.devices.some(({ id }) => id === choices.device))
    printProblem(`${choices.device}: not in devices[]; judged by the defaults 未登记，按默认限值判断\n`)
  const acceptAfterMs = choices.acceptAfter === Infinity ? undefined : choices.acceptAfter * 1000
  for (const line of judgeRecording(settings.value, choices.device, rows.value, acceptAfterMs))
    if (!answer(line)) return
}

export async function runJudge(argv: readonly string[]): Promise<void> {
  const program = new Command('gengfu judge')
    .description('the alarms that the engine would have raised for recorded readings 用历史数据试判报警限值')
    .requiredOption('--config <file>', 'gateway configuration, YAML 网关配置')
    .requiredOption('--device <id>', 'the device whose readings they are 设备编号')
    .requiredOption('--csv <file>', 'columns timeUtc and readings such as waterLevelMm 数据文件')
    .option(
      '--column <from=to>',
      'take a column as a reading, such as stageMm=waterLevelMm 列改名',
      addColumn,
      {},
    )
    .option(
      '--accept-after <seconds>',
      'each alarm is accepted after this time; or never 多久后接警',
      parseSeconds,
      60,
    )
    .addHelpText(
      'after',
      '\nPrints JSON lines: alarm, flag, command, log, and a summary at the end. 输出为逐行 JSON。\n',
    )
    .exitOverride()
    .action(judge)
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : 2
  }
}
