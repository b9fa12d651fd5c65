// `gengfu walk-test`: a test of the devices in the name of the person who makes it. It ends by itself, is marked everywhere, and pages no person.
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { print, printProblem } from '../../platform/terminal.ts'
import { CentreChanges } from '../config/centre-changes.ts'
import { callBox, consoleOf, wordsOf } from './box-call.ts'

interface Choices {
  config: string
  by: string
  zone: string
  minutes: number
  console?: string
  end?: boolean
}

/** `limits.maintenanceSMax` of the box is the real limit. */
const minutesMax = 24 * 60

function minutesOf(text: string): number {
  const minutes = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (minutes < 1 || minutes > minutesMax) throw new InvalidArgumentError(`1 to ${minutesMax}.`)
  return minutes
}

export async function runWalkTest(argv: readonly string[]): Promise<number> {
  let code = 0
  const program = new Command('gengfu walk-test')
    .description(
      'Tests devices: what they say is shown as a test and calls nobody\n走测：告警标记为演练，不惊动任何人',
    )
    .requiredOption('--config <file>', 'YAML configuration of the box 网关配置文件')
    .requiredOption('--by <name>', 'your own name: it is shown at the centre 测试人姓名')
    .option('--zone <zone>', 'one zone, or box for all of it 区域', 'box')
    .option('--minutes <n>', 'it ends by itself after this, four hours at the latest 分钟', minutesOf, 30)
    .option('--end', 'end it now 立即结束')
    .option('--console <url>', 'where its console answers 控制台地址')
    .exitOverride()
    .action(async (choices: Choices) => {
      code = await walkTest(choices)
    })
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : 2
  }
  return code
}

async function walkTest({ config: file, by, zone, minutes, console: url, end }: Choices): Promise<number> {
  const failed = (words: string, code: number): number => {
    printProblem(`gengfu walk-test: ${words}\n`)
    return code
  }
  const opened = CentreChanges.look(file)
  if (!opened.ok) return failed(wordsOf(opened.problems), 2)
  const place = consoleOf(opened.value.config, url)
  if (place === undefined) return failed('say where the console answers with --console URL', 2)
  const most = Math.floor(opened.value.config.limits.maintenanceSMax / 60)
  const forMinutes = end ? 0 : Math.min(minutes, most)
  const called = await callBox(place, 'api/v1/maintenance', { zone, minutes: forMinutes, by })
  if (!called.reached) return failed(`the box does not answer at ${place} (${called.why}) 网关未运行`, 1)
  if (!called.answer.ok) return failed(wordsOf(called.answer.problems), 1)
  print(
    end
      ? `${zone}: the test is over 测试已结束\n`
      : `${zone}: on test for ${forMinutes} min by ${by}; it ends by itself. Alarms are shown as a test 演练中，${forMinutes} 分钟后自动结束\n`,
  )
  return 0
}
