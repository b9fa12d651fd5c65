// `gengfu centre enrol`: a one-time code for a box, also while the centre runs.
import { readFileSync } from 'node:fs'
import { Option, type Command } from 'commander'
import { print } from '../../platform/terminal.ts'
import { isBoxId } from '../../protocols/domain/names.ts'
import { nameCharsMax } from '../../protocols/enrolment/messages.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../protocols/kit/random.ts'
import type { CentreConfig } from '../config/config.ts'
import { openAuthority } from '../enrolment/authority.ts'
import { createCode } from '../enrolment/box-enrolment.ts'
import { openWriter, sqliteFile } from '../storage/sqlite/database.ts'
import { createAccountWriter } from '../storage/sqlite/accounts.ts'
import { createEnrolmentWriter } from '../storage/sqlite/enrolment/enrolment-table.ts'
import { UsageFailure } from './usage-failure.ts'

interface EnrolFlags {
  config: string
  box: string
  name?: string
}

export function addEnrolmentCommands(program: Command, load: (file: string) => CentreConfig): void {
  program
    .command('enrol')
    .description('为一台网关生成一次性注册码 / a one-time code for a box')
    .addOption(new Option('--config <file>', '配置文件 / configuration (YAML)').makeOptionMandatory())
    .requiredOption('--box <id>', '网关编号 / id of the box: 320612104201-1')
    .option('--name <name>', '名称 / name, such as the village')
    .action(async (flags: EnrolFlags) => printCode(flags, load(flags.config)))
}

async function printCode({ box, name }: EnrolFlags, config: CentreConfig): Promise<void> {
  const { enrolment } = config
  if (!enrolment)
    throw new UsageFailure(
      '配置中没有 enrolment / the configuration has no section enrolment: see the handbook',
    )
  if (name !== undefined && (name === '' || name.length > nameCharsMax))
    throw new UsageFailure(`--name: 1 .. ${nameCharsMax}`)
  if (!isBoxId(box)) throw new UsageFailure('--box: 320612104201-1, or lower-case letters, digits and dashes')
  const { certFile, keyFile } = enrolment.authority
  const authority = await openAuthority(readFileSync(certFile, 'utf8'), readFileSync(keyFile, 'utf8'))
  const nowMs = Math.round(createSystemClock().wallMs())
  const { row, answer } = createCode(createSystemRandom(), authority, {
    centreUrl: enrolment.centreUrl,
    expiresAtMs: nowMs + enrolment.codeHours * 3_600_000,
    box,
    name,
  })
  const db = openWriter(sqliteFile(config.storage.url, config.dataDir), nowMs)
  try {
    if (!createEnrolmentWriter(db).putEnrolment(row, 'command line', nowMs))
      throw new UsageFailure('未使用的注册码太多 / too many codes are open: end some of them first')
    const what = 'box-code-made' as const
    createAccountWriter(db).noteSecurity([
      { atMs: nowMs, what, who: '', address: 'command line', detail: box },
    ])
  } finally {
    db.close()
  }
  print(`${answer.code}\n${answer.url}\n`)
  print(`有效至 / valid until ${new Date(answer.expiresAtMs).toISOString()}\n`)
}
