// `outlet list` and `outlet test` of both programs: the list of outlets, and a test of one without the running program.
import { Option, type Command } from 'commander'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../protocols/kit/random.ts'
import { print } from '../terminal.ts'
import { testMessage } from './message.ts'
import type { Outlet } from './port.ts'
import type { OutletCommon } from './settings/outlet-rules.ts'
import { testOutlet } from './test-outlet.ts'

/** The receiver did not take the test. */
const notTakenExitCode = 1

export interface LoadedOutlet {
  settings: OutletCommon & { type: string }
  create: () => Outlet | Promise<Outlet>
}

export interface OutletCommandsOptions {
  load: (file: string) => readonly LoadedOutlet[]
  /** Ends the command with these words. */
  fail: (words: string) => void
}

export function addOutletCommands(program: Command, { load, fail }: OutletCommandsOptions): void {
  const outlet = program.command('outlet').description('对外出口 / outlets: receivers outside')
  const configFlag = (): Option =>
    new Option('--config <file>', '配置文件 / configuration (YAML)').makeOptionMandatory()
  outlet
    .command('list')
    .description('列出出口 / list the outlets')
    .addOption(configFlag())
    .action(({ config }: { config: string }) => {
      for (const { settings } of load(config)) {
        const { name, type, label, drills } = settings
        print(`${name}\t${type}\t${label ?? ''}${drills ? '\t演练 drills' : ''}\n`)
      }
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
      const all = load(flags.config)
      const found = all.find(({ settings }) => settings.name === name)
      if (found) return testOne(found, flags.dryRun === true)
      const names = all.map(({ settings }) => settings.name).join(', ')
      fail(`没有此出口 / there is no such outlet: ${name} (${names})`)
    })
}

async function testOne({ settings, create }: LoadedOutlet, isDry: boolean): Promise<void> {
  const clock = createSystemClock()
  const outlet = await create()
  const id = `g-${createSystemRandom().hex(10)}`
  const message = testMessage(id, Math.round(clock.wallMs()), 'command line')
  try {
    const never = new AbortController().signal
    const answer = await testOutlet({ settings, outlet }, message, isDry, clock, never)
    print(`${answer.bytes}\n`)
    if (answer.state === undefined) return
    print(`${answer.state}: ${answer.words ?? ''}\n`)
    if (answer.state === 'failed') process.exitCode = notTakenExitCode
  } finally {
    await outlet.stop?.()
  }
}
