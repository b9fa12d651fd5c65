// `gengfu centre verify-audit`: reads the whole trail, also while the centre runs, and reports whether it is intact.
import { Option, type Command } from 'commander'
import { print } from '../../platform/terminal.ts'
import type { CentreConfig } from '../config/config.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { openTown } from '../storage/open-town.ts'
import { verifyAudit } from '../storage/sqlite/audit-chain.ts'

export function addVerifyAudit(program: Command, load: (file: string) => CentreConfig): void {
  program
    .command('verify-audit')
    .description(
      '核对操作记录是否被改动 / reads the whole audit trail and says whether anything was changed or taken out',
    )
    .addOption(new Option('--config <file>', '配置文件 / configuration (YAML)').makeOptionMandatory())
    .option(
      '--head <hash>',
      '另存的末值（日志、audit-heads.jsonl 或网关的 gengfu check）/ a head from the log, audit-heads.jsonl or a box (gengfu check): it must be in the trail',
    )
    .action(({ config: file, head }: { config: string; head?: string }) => {
      const config = load(file)
      const db = openTown(config, 'reader', createSystemClock().wallMs())
      try {
        const finding = verifyAudit(db, head)
        if (finding.isGood) {
          print(`✓ ${finding.entries} 条记录完整 / entries hold; head ${finding.head}\n`)
          return
        }
        process.exitCode = 1
        const { broken, missing } = finding
        if (broken)
          print(
            `✗ 第 ${broken.position} 条被改动（${broken.about}，${new Date(broken.atMs).toISOString()}）/ entry ${broken.position} about ${broken.about} was changed, or one before it taken out. Keep this database as evidence and restore the last backup that verifies.\n`,
          )
        else if (missing !== undefined)
          print(`✗ 末尾缺少 ${missing} 条 / ${missing} entries at the end are missing\n`)
        else
          print(
            '✗ 给出的末值不在记录中 / the given head is not in this trail: entries were taken out or replaced\n',
          )
      } finally {
        db.close()
      }
    })
}
