// `gengfu centre backup`, `restore` and `backup-drill`: flags and output.
import { resolve } from 'node:path'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { endProgress, print, printProgress } from '../../platform/terminal.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import type { CentreConfig } from '../config/config.ts'
import { lockDataDir } from '../storage/sqlite/data-lock.ts'
import { sqliteFile } from '../storage/sqlite/database.ts'
import { makeBackup } from '../storage/backup/make-backup.ts'
import { proveBackup, type Proof } from '../storage/backup/prove-backup.ts'
import { restoreBackup } from '../storage/backup/restore-backup.ts'
import { UsageFailure } from './usage-failure.ts'

const configFlag = (): Option =>
  new Option('--config <file>', '配置文件 / configuration (YAML)').makeOptionMandatory()

function count(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('1 to 9999')
  return Number(text)
}

const showPictures = (done: number, of: number): void => printProgress(`图片 / pictures ${done} / ${of}`)

async function prove(backup: string): Promise<Proof> {
  const proof = await proveBackup({ backup, nowMs: createSystemClock().wallMs(), onProgress: showPictures })
  endProgress()
  for (const { isGood, zh, en } of proof.lines) print(`${isGood ? '✓' : '✗'} ${zh} / ${en}\n`)
  return proof
}

/** `writesTo`: a folder outside of `dataDir` that the command needs. */
type Load = (file: string, writesTo?: string) => CentreConfig

export function addBackupCommands(program: Command, load: Load): void {
  addBackup(program, load)
  addDrill(program)
  addRestore(program, load)
}

function addBackup(program: Command, load: Load): void {
  program
    .command('backup')
    .description(
      '备份中心数据，运行中也可以 / copies the database and the pictures, also beside a running centre',
    )
    .addOption(configFlag())
    .requiredOption('--to <folder>', '备份目录，最好在另一块磁盘 / folder for backups, best on another disk')
    .option('--keep <count>', '保留最近几份 / number of backups to keep', count, 14)
    .action(async ({ config: path, to, keep }: { config: string; to: string; keep: number }) => {
      const config = load(path, resolve(to))
      const done = await makeBackup({
        file: sqliteFile(config.storage.url, config.dataDir),
        dataDir: config.dataDir,
        to: resolve(to),
        keep,
        nowMs: createSystemClock().wallMs(),
        onProgress: showPictures,
      })
      endProgress()
      const { rows, pictures } = done.manifest
      print(`✓ ${done.folder}\n`)
      print(
        `  ${rows['records'] ?? 0} 条记录 / records, ${rows['cases'] ?? 0} 件事件 / cases, ${pictures.length} 张图片 / pictures (${done.copiedPictures} 新 / new)\n`,
      )
      for (const name of done.deleted) print(`  已删除旧备份 / deleted: ${name}\n`)
      print(`  核对 / prove it: gengfu centre backup-drill --from ${done.folder}\n`)
    })
}

function addDrill(program: Command): void {
  program
    .command('backup-drill')
    .description('证明一份备份可用，不动现有数据 / proves that a backup can be restored; changes nothing')
    .requiredOption('--from <folder>', '一份备份，如 .../centre-20261130T060000Z / one backup')
    .action(async ({ from }: { from: string }) => {
      const proof = await prove(resolve(from))
      if (!proof.isGood) process.exitCode = 1
    })
}

function addRestore(program: Command, load: Load): void {
  program
    .command('restore')
    .description(
      '停机后恢复一份备份，原数据移到旁边 / replaces the data by a backup; the old data is moved aside',
    )
    .addOption(configFlag())
    .requiredOption('--from <folder>', '一份备份 / one backup')
    .action(async ({ config: path, from }: { config: string; from: string }) => {
      const config = load(path)
      const backup = resolve(from)
      const release = lockDataDir(config.dataDir)
      try {
        const proof = await prove(backup)
        if (!proof.isGood)
          throw new UsageFailure(
            '备份有问题，未恢复；请换一份 / the backup is damaged and was not restored: use another one',
          )
        const { movedTo, pictures } = await restoreBackup({
          backup,
          file: sqliteFile(config.storage.url, config.dataDir),
          dataDir: config.dataDir,
          nowMs: createSystemClock().wallMs(),
          onProgress: showPictures,
        })
        endProgress()
        print(`✓ 已恢复，图片 ${pictures} 张 / restored, ${pictures} pictures\n`)
        if (movedTo !== undefined) print(`  原数据库 / the database that was there: ${movedTo}\n`)
        print(
          '  现在启动中心；网关会补报缺失的记录 / start the centre now; the boxes send the missing records again\n',
        )
      } finally {
        release()
      }
    })
}
