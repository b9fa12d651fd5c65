// `gengfu centre outlet ...`: the list of outlets, and a test of one without the running centre.
import { Option, type Command } from 'commander'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../protocols/kit/random.ts'
import { print } from '../../platform/terminal.ts'
import type { CentreConfig } from '../config/config.ts'
import { createOutlet } from '../outlets/create-outlet.ts'
import { testMessage } from '../outlets/message.ts'
import { testOutlet } from '../outlets/outlets.ts'
import { UsageFailure } from './usage-failure.ts'

/** The receiver did not take the test. */
const notTakenExitCode = 1

export function addOutletCommands(program: Command, load: (file: string) => CentreConfig): void {
  const outlet = program.command('outlet').description('对外出口 / outlets: receivers outside')
  const configFlag = (): Option =>
    new Option('--config <file>', '配置文件 / configuration (YAML)').makeOptionMandatory()
  outlet
    .command('list')
    .description('列出出口 / list the outlets')
    .addOption(configFlag())
    .action(({ config }: { config: string }) => {
      for (const { name, type, label, drills } of load(config).outlets)
        print(`${name}\t${type}\t${label ?? ''}${drills ? '\t演练 drills' : ''}\n`)
    })
  outlet
    .command('test')
    .description(
      '发送一条测试消息，显示字节与接收方的原话 / send a test message, show the bytes and the answer',
    )
    .argument('<name>', '出口名 / name of the outlet')
    .option('--dry-run', '只显示字节，不发送 / show the bytes, send nothing')
    .addOption(configFlag())
    .action(async (name: string, flags: { config: string; dryRun?: boolean }) => {
      const loaded = load(flags.config)
      const settings = loaded.outlets.find((one) => one.name === name)
      if (!settings) {
        const names = loaded.outlets.map((one) => one.name).join(', ')
        throw new UsageFailure(`没有此出口 / there is no such outlet: ${name} (${names})`)
      }
      const clock = createSystemClock()
      const random = createSystemRandom()
      const opened = {
        settings,
        outlet: createOutlet(settings, { clock, random, timeZone: loaded.people.timeZone }),
      }
      const message = testMessage(`g-${random.hex(10)}`, Math.round(clock.wallMs()), 'command line')
      const never = new AbortController().signal
      try {
        const answer = await testOutlet(opened, message, flags.dryRun === true, clock, never)
        print(`${answer.bytes}\n`)
        if (answer.state === undefined) return
        print(`${answer.state}: ${answer.words ?? ''}\n`)
        if (answer.state === 'failed') process.exitCode = notTakenExitCode
      } finally {
        await opened.outlet.stop?.()
      }
    })
}
