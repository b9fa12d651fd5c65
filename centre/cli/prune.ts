// `gengfu centre prune`: deletes everything past its term now, also while the centre runs.
import { setTimeout as wait } from 'node:timers/promises'
import { Option, type Command } from 'commander'
import { endProgress, print, printProgress } from '../../platform/terminal.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import type { CentreConfig } from '../config/config.ts'
import { sweepExpired } from '../retention/retention-sweep.ts'
import { expiredKinds, type ExpiredKind } from '../storage/retention-port.ts'
import { openTown } from '../storage/open-town.ts'
import { createExpiredReader, createExpiredWriter } from '../storage/sqlite/retention.ts'

const words: Record<ExpiredKind, string> = {
  routine: '常规记录 / routine records',
  records: '报警记录 / alarm records',
  cases: '已结束的处置 / ended cases',
  alarms: '已结束的报警 / ended alarms',
  commands: '已完成的命令 / finished commands',
  quarantine: '隔离的报文 / quarantined messages',
}

export function addPrune(program: Command, load: (file: string) => CentreConfig): void {
  program
    .command('prune')
    .description(
      '删除超过保存期限的数据；操作记录不删 / deletes records past their term; the audit trail stays',
    )
    .addOption(new Option('--config <file>', '配置文件 / configuration (YAML)').makeOptionMandatory())
    .option('--dry-run', '只统计 / count only')
    .action(async ({ config: path, dryRun = false }: { config: string; dryRun?: boolean }) => {
      const config = load(path)
      const nowMs = createSystemClock().wallMs()
      const writing = dryRun ? undefined : openTown(config, 'writer', nowMs)
      const reading = openTown(config, 'reader', nowMs)
      try {
        const { expired } = createExpiredReader(reading)
        const drop = writing && createExpiredWriter(writing).dropExpired
        const counts = await sweepExpired({
          storage: {
            expired: (query) => Promise.resolve(expired(query)),
            dropExpired: (kind, ids) => Promise.resolve(drop?.(kind, ids) ?? 0),
          },
          settings: config.retention,
          nowMs,
          isDryRun: dryRun,
          pause: () => wait(20),
          onProgress: (kind, deleted) => printProgress(`${words[kind]}: ${deleted}`),
        })
        endProgress()
        for (const kind of expiredKinds)
          print(
            `${dryRun ? '将删除 / would delete' : '✓ 已删除 / deleted'} ${counts[kind]}  ${words[kind]}\n`,
          )
      } finally {
        reading.close()
        writing?.close()
      }
    })
}
