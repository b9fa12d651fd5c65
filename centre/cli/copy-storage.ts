// `gengfu centre copy-storage`: moves a town between a SQLite file and PostgreSQL, while its centres are stopped.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Option, type Command } from 'commander'
import { endProgress, print, printProgress } from '../../platform/terminal.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import type { CentreConfig } from '../config/config.ts'
import { copyTown, countCentres, prepareSource, type CopiedTown } from '../storage/copy/copy-town.ts'
import { openTown, type TownPlace } from '../storage/open-town.ts'
import { checkPostgres, isPostgresUrl } from '../storage/postgres/address.ts'
import { lockDataDir } from '../storage/sqlite/data-lock.ts'
import { sqliteFile, type Sqlite } from '../storage/sqlite/database.ts'
import { UsageFailure } from './usage-failure.ts'

interface CopyFlags {
  config: string
  from?: string
  to: string
  passwordFile?: string
  caFile?: string
}

export function addCopyStorage(program: Command, load: (file: string) => CentreConfig): void {
  program
    .command('copy-storage')
    .description(
      '停机后把全部数据从 SQLite 复制到 PostgreSQL，或反向 / copies a stopped town from SQLite to PostgreSQL, or back',
    )
    .addOption(new Option('--config <file>', '配置文件 / configuration (YAML)').makeOptionMandatory())
    .option(
      '--from <url>',
      '来源，默认为配置中的 storage.url / source; by default storage.url of the configuration',
    )
    .requiredOption('--to <url>', '目标，必须为空：postgres://… 或 sqlite:/… / target, which must be empty')
    .option('--password-file <file>', 'PostgreSQL 的口令文件 / file with the password of PostgreSQL')
    .option(
      '--ca-file <file>',
      'PostgreSQL 服务器证书的签发机构 / authority of the certificates of the servers',
    )
    .action((flags: CopyFlags) => {
      const config = load(flags.config)
      const release = lockDataDir(config.dataDir)
      try {
        const from = placeOf(config, flags, flags.from ?? config.storage.url)
        const to = placeOf(config, flags, flags.to)
        if (!isPostgresUrl(from.storage.url) && !existsSync(sqliteFile(from.storage.url, from.dataDir)))
          throw new UsageFailure(`没有这个数据库 / there is no such database: ${from.storage.url}`)
        report(copy(from, to), to.storage.url)
      } finally {
        release()
      }
    })
}

function placeOf(
  { dataDir, storage }: CentreConfig,
  { passwordFile, caFile }: CopyFlags,
  url: string,
): TownPlace {
  const place = {
    dataDir,
    storage: {
      url,
      passwordFile: passwordFile === undefined ? storage.passwordFile : resolve(passwordFile),
      caFile: caFile === undefined ? storage.caFile : resolve(caFile),
    },
  }
  const [problem] = isPostgresUrl(url)
    ? checkPostgres(place.storage)
    : url.startsWith('sqlite:')
      ? []
      : [{ path: 'url', message: 'sqlite:/file or postgres://user@host:port/database' }]
  if (problem) throw new UsageFailure(`${url}: ${problem.message}`)
  return place
}

function copy(from: TownPlace, to: TownPlace): CopiedTown {
  const nowMs = createSystemClock().wallMs()
  // As a start would: an older source is migrated first.
  const first = openTown(from, 'writer', nowMs)
  try {
    refuseRunning(first, from)
    prepareSource(first)
  } finally {
    first.close()
  }
  const source = openTown(from, 'reader', nowMs)
  let target: Sqlite | undefined
  try {
    target = openTown(to, 'writer', nowMs)
    refuseRunning(target, to)
    const copied = copyTown({
      source,
      target,
      onProgress: (table, rows) => printProgress(`${table}: ${rows}`),
    })
    // A centre that started meanwhile has stored what the copy may not have.
    refuseRunning(source, from)
    return copied
  } finally {
    endProgress()
    target?.close()
    source.close()
  }
}

function refuseRunning(db: Sqlite, { storage }: TownPlace): void {
  if (countCentres(db) > 0)
    throw new UsageFailure(
      `有中心正在使用该数据库，请先全部停止 / centres use this database: stop all of them first: ${storage.url}`,
    )
}

function report({ rows, auditEntries, head }: CopiedTown, url: string): void {
  const count = (table: string): number => rows[table] ?? 0
  const sum = Object.values(rows).reduce((all, one) => all + one, 0)
  print(`✓ 已复制并逐行核对 ${sum} 行 / ${sum} rows copied and read back\n`)
  print(
    `  ${count('records')} 条记录 / records, ${count('alarms')} 条报警 / alarms, ${count('cases')} 件事件 / cases\n`,
  )
  print(
    `  操作记录 ${auditEntries} 条完整 / the audit trail verifies, ${auditEntries} entries; head ${head}\n`,
  )
  print(`  现在把 storage.url 改为 / now set storage.url to ${url}\n`)
  print(
    '  图片和附件留在 dataDir / pictures and attachments stay in dataDir; 来源未改动 / the source is unchanged\n',
  )
}
