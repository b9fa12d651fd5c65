// `gengfu check`: lists the problems of a box and the next step for each, the clock first. Reads only.
import { Command, CommanderError, Option } from 'commander'
import { print, printJson } from '../../platform/terminal.ts'
import { checkBox } from './check/check-box.ts'
import { checkLanguages, exitCodeOf, jsonOf, textOf, type CheckLanguage } from './check/check-report.ts'
import { systemWorld, type CheckWorld } from './check/check-world.ts'

interface CheckFlags {
  config: string
  json?: true
  lang: CheckLanguage
}

export async function runCheck(argv: readonly string[], world: CheckWorld = systemWorld()): Promise<void> {
  const program = new Command('gengfu check')
    .description('list the problems of this box and what to do 列出本网关的问题与处理办法')
    .requiredOption('--config <file>', 'YAML configuration of the gateway 网关配置文件')
    .option('--json', 'for programs 输出 JSON')
    .addOption(
      new Option('--lang <language>', 'language of the text 语言').choices(checkLanguages).default('both'),
    )
    .addHelpText(
      'after',
      '\nExit code 退出码: 0 nothing to do now 无须处理, 1 something does not work 有故障, 2 the configuration is wrong 配置有误',
    )
    .exitOverride()
    .action(async ({ config, json, lang }: CheckFlags) => {
      const report = await checkBox(config, world)
      if (json) printJson(jsonOf(report))
      else print(textOf(report, lang))
      const code = exitCodeOf(report)
      if (code !== 0) process.exitCode = code
    })
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : 2
  }
}
