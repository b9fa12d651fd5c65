// `gengfu centre enrol`: one-time codes for one box or a list of them, also while the centre runs. A code may count for one machine alone,
// by its serial number: boxes are prepared before they leave the workshop.
import { readFileSync } from 'node:fs'
import { Option, type Command } from 'commander'
import { parse } from 'csv-parse/sync'
import { print } from '../../platform/terminal.ts'
import { isBoxId } from '../../protocols/domain/names.ts'
import { isSerial, nameCharsMax } from '../../protocols/enrolment/messages.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../protocols/kit/random.ts'
import type { CentreConfig } from '../config/config.ts'
import { openAuthorities } from '../enrolment/authority-set.ts'
import { createCode } from '../enrolment/box-enrolment.ts'
import { openTown } from '../storage/open-town.ts'
import type { Sqlite } from '../storage/sqlite/database.ts'
import { createAccountWriter } from '../storage/sqlite/accounts.ts'
import { createEnrolmentWriter } from '../storage/sqlite/enrolment/enrolment-table.ts'
import { UsageFailure } from './usage-failure.ts'

/** Boxes in one list. */
const listMax = 2000

interface EnrolFlags {
  config: string
  box?: string
  name?: string
  serial?: string
  list?: string
}

interface Wanted {
  box: string
  name: string | undefined
  serial: string | undefined
}

export function addEnrolmentCommands(program: Command, load: (file: string) => CentreConfig): void {
  program
    .command('enrol')
    .description('为网关生成一次性注册码 / one-time codes for boxes')
    .addOption(new Option('--config <file>', '配置文件 / configuration (YAML)').makeOptionMandatory())
    .option('--box <id>', '网关编号 / id of the box: 320612104201-1')
    .option('--name <name>', '名称 / name, such as the village')
    .option('--serial <number>', '只对这台机器有效 / counts for the machine with this serial number alone')
    .option(
      '--list <file>',
      '多台网关：CSV，首行 box,name,serial；输出 CSV / many boxes: CSV with the columns box, name, serial; answers CSV',
    )
    .action(async (flags: EnrolFlags) => makeCodes(flags, load(flags.config)))
}

/** Every line is checked before the first code is made. */
function readList(file: string): Wanted[] {
  const rows = parse(readFileSync(file, 'utf8'), {
    bom: true,
    columns: true,
    skip_empty_lines: true,
    trim: true,
    delimiter: [',', ';', '\t'],
    relax_column_count: true,
  }) as unknown as Record<string, string>[]
  if (rows.length === 0 || rows.length > listMax) throw new UsageFailure(`--list: 1 .. ${listMax} 行 / lines`)
  const seen = new Set<string>()
  return rows.map(({ box = '', name = '', serial = '' }, at) => {
    const where = `--list 第 ${at + 2} 行 / line ${at + 2}`
    const wanted = { box, name: name === '' ? undefined : name, serial: serial === '' ? undefined : serial }
    check(wanted, where)
    if (seen.has(box)) throw new UsageFailure(`${where}: ${box} 重复 / is there twice`)
    seen.add(box)
    return wanted
  })
}

function check({ box, name, serial }: Wanted, where: string): void {
  if (name !== undefined && (name === '' || name.length > nameCharsMax))
    throw new UsageFailure(`${where} name: 1 .. ${nameCharsMax}`)
  if (!isBoxId(box))
    throw new UsageFailure(`${where} box: 320612104201-1, or lower-case letters, digits and dashes`)
  if (serial !== undefined && !isSerial(serial))
    throw new UsageFailure(`${where} serial: letters, digits and . _ - : / +, at most 64`)
}

function wantedOf({ box, name, serial, list }: EnrolFlags): Wanted[] {
  if (list !== undefined) return readList(list)
  if (box === undefined) throw new UsageFailure('--box 或 --list 是必需的 / --box or --list is needed')
  const wanted = { box, name, serial }
  check(wanted, '--')
  return [wanted]
}

async function makeCodes(flags: EnrolFlags, config: CentreConfig): Promise<void> {
  const { enrolment } = config
  if (!enrolment)
    throw new UsageFailure(
      '配置中没有 enrolment / the configuration has no section enrolment: see the handbook',
    )
  const wanted = wantedOf(flags)
  const authority = await openAuthorities(enrolment.authority)
  const nowMs = Math.round(createSystemClock().wallMs())
  const expiresAtMs = nowMs + enrolment.codeHours * 3_600_000
  const random = createSystemRandom()
  const made = wanted.map((one) =>
    createCode(random, authority, { centreUrl: enrolment.centreUrl, expiresAtMs, ...one }),
  )
  const db = openTown(config, 'writer', nowMs)
  try {
    store(db, made, nowMs)
  } finally {
    db.close()
  }
  const until = new Date(expiresAtMs).toISOString()
  if (flags.list === undefined) {
    const [one] = made
    print(`${one?.answer.code}\n${one?.answer.url}\n`)
    print(`有效至 / valid until ${until}\n`)
    return
  }
  print('box,name,serial,code,url,validUntil\n')
  for (const { row, answer } of made)
    print(
      `${[row.box, row.name ?? '', row.serial ?? '', answer.code, answer.url, until].map(cell).join(',')}\n`,
    )
}

const cell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** All of a list, or none. */
function store(db: Sqlite, made: readonly ReturnType<typeof createCode>[], nowMs: number): void {
  const codes = createEnrolmentWriter(db)
  const accounts = createAccountWriter(db)
  db.transaction(() => {
    for (const { row } of made) {
      if (!codes.putEnrolment(row, 'command line', nowMs))
        throw new UsageFailure('未使用的注册码太多 / too many codes are open: end some of them first')
      accounts.noteSecurity([
        { atMs: nowMs, what: 'box-code-made', who: '', address: 'command line', detail: row.box },
      ])
    }
  })()
}
