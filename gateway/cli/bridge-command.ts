// `gengfu bridge permit-join`: opens the door of a bridge for new devices, through the console of the running box.
import { dialectOf } from '../dialects/dialects.ts'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { print, printProblem } from '../../platform/terminal.ts'
import { CentreChanges } from '../config/centre-changes.ts'
import { permitMinutesMax } from '../console/device-controls.ts'
import { askerOf, callBox, consoleOf, wordsOf } from './box-call.ts'

interface Choices {
  config: string
  minutes: number
  bridge?: string
  console?: string
  by?: string
}

function minutesOf(text: string): number {
  const minutes = /^\d{1,2}(\.\d+)?$/.test(text) ? Number(text) : NaN
  if (!(minutes >= 0 && minutes <= permitMinutesMax))
    throw new InvalidArgumentError(`0 to ${permitMinutesMax}.`)
  return minutes
}

export async function runBridge(argv: readonly string[]): Promise<number> {
  let code = 0
  const program = new Command('gengfu bridge')
    .description('Bridges of a box\n网桥')
    .addHelpText('after', '\nUsually 通常: gengfu bridge permit-join --minutes 10 --config gateway.yaml')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
  program
    .command('permit-join')
    .description('let new devices join for some minutes; 0 ends it 允许新设备入网')
    .requiredOption('--config <file>', 'YAML configuration of the box 网关配置文件')
    .requiredOption('--minutes <n>', 'how long 分钟', minutesOf)
    .option('--bridge <id>', 'which one, where there are several 网桥编号')
    .option('--console <url>', 'where its console answers 控制台地址')
    .option('--by <name>', 'your name 操作人')
    .action(async (choices: Choices) => {
      code = await permitJoin(choices)
    })
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : 2
  }
  return code
}

async function permitJoin({ config: file, minutes, bridge, console: url, by }: Choices): Promise<number> {
  const failed = (words: string, code: number): number => {
    printProblem(`gengfu bridge permit-join: ${words}\n`)
    return code
  }
  const opened = CentreChanges.look(file)
  if (!opened.ok) return failed(wordsOf(opened.problems), 2)
  const { config } = opened.value
  // Other dialects have no door to open.
  const ids = config.bridges
    .filter(({ dialect }) => 'permitJoin' in (dialectOf(dialect) ?? {}))
    .map(({ id }) => id)
  const wanted = bridge ?? (ids.length === 1 ? ids[0] : undefined)
  if (wanted === undefined)
    return failed(
      ids.length === 0
        ? 'there is no bridge in the configuration that can let devices join 没有可开放入网的网桥'
        : `--bridge: one of ${ids.join(', ')}`,
      2,
    )
  const place = consoleOf(config, url)
  if (place === undefined) return failed('say where the console answers with --console URL', 2)
  const called = await callBox(place, `api/v1/bridges/${encodeURIComponent(wanted)}/permit-join`, {
    minutes,
    by: askerOf(by),
  })
  if (!called.reached) return failed(`the box does not answer at ${place} (${called.why}) 网关未运行`, 1)
  if (!called.answer.ok) return failed(wordsOf(called.answer.problems), 1)
  print(
    minutes === 0
      ? `${wanted}: closed 已关闭\n`
      : `${wanted}: new devices may join for ${minutes} min; gengfu device list shows who knocks ${minutes} 分钟内可入网\n`,
  )
  return 0
}
