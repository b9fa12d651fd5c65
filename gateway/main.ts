// `gengfu gateway`: reads flags and config, runs the gateway until it is stopped, restarts it when its journal was
// found damaged.
import { enrolBox, type EnrolFlags } from './cli/enrol-command.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { Command, CommanderError } from 'commander'
import type { Logger } from 'pino'
import { createSystemClock } from '../protocols/kit/clock.ts'
import { createSystemRandom } from '../protocols/kit/random.ts'
import { addConsoleCommands } from './cli/console-command.ts'
import { writeDevicePassword } from './cli/device-password.ts'
import { forgetDevice } from './cli/forget-device.ts'
import { addBoxOutletCommands } from './cli/outlet-commands.ts'
import { CentreChanges, type OpenedConfig } from './config/centre-changes.ts'
import { readGatewayConfig, type GatewayConfig } from './config/config.ts'
import { findDanglingReferences } from './config/checks/dangling-references.ts'
import { findInsecureSettings } from './config/checks/insecure-settings.ts'
import { RefusedIds } from './intake/memory/refused-ids.ts'
import { openDataFolder, type DataFolder } from './journal/unwritable-folder.ts'
import { ConfigChanged, createGateway, stopDeadlineMs, type Gateway } from './gateway.ts'
import { programFolder } from './wiring/program-folder.ts'
import { createWatchdog } from '../platform/systemd-watchdog.ts'
import { openProgramLog, type ProgramLog } from '../platform/support/program-log.ts'
import { print, printProblem } from '../platform/terminal.ts'

/**
 * The heap is collected when it has grown by this much: V8 would let a drain double it first, and a box has 256 MB in
 * all.
 */
const heapGrowingPercent = 10
/** Restarts after damage inside one run; beyond it the supervisor decides. */
const restartsMax = 5

/** While the box starts the watchdog is fed this often, and for no longer than this. */
const startFeedMs = 5000
const startMsMax = 1_800_000

export async function runGateway(argv: readonly string[]): Promise<void> {
  const program = new Command('gengfu gateway')
    .description('The village box: keeps what devices say and brings it to the town centre\n村庄网关')
    .addHelpText('after', '\nUsually 通常: gengfu gateway --config gateway.yaml')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
  program
    .command('run', { isDefault: true })
    .description('run until SIGTERM or Ctrl-C')
    .requiredOption('--config <file>', 'YAML configuration 配置文件')
    .action(async ({ config }: { config: string }) => run(config))
  program
    .command('password')
    .description('make a new password for a device and print it 为设备生成密码')
    .requiredOption('--config <file>', 'YAML configuration 配置文件')
    .requiredOption('--device <id>', 'device id 设备编号')
    .action(async ({ config, device }: { config: string; device: string }) => password(config, device))
  program
    .command('enrol <code-or-url>')
    .description(
      'take the name, certificate and way to the centre that belong to a one-time code 凭一次性注册码登记本网关',
    )
    .requiredOption('--config <file>', 'YAML configuration 配置文件')
    .option('--centre <url>', 'where the centre is, with a typed code 中心地址，如 https://town.example')
    .action(async (code: string, flags: EnrolFlags) => {
      process.exitCode = await enrolBox(code, flags)
    })
  program
    .command('forget')
    .description(
      'a device was reset or replaced: its message ids count as new 设备复位或更换后，重新计其消息编号',
    )
    .requiredOption('--config <file>', 'YAML configuration 配置文件')
    .requiredOption('--device <id>', 'device id 设备编号')
    .action(({ config, device }: { config: string; device: string }) => forget(config, device))
  addConsoleCommands(program)
  addBoxOutletCommands(program, loadConfig)
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : 2
  }
}

function loadConfig(file: string): GatewayConfig | undefined {
  const config = readGatewayConfig(file)
  if (config.ok) return config.value
  printProblem(`${file}: ${config.problems.length} problem(s) 个问题\n`)
  for (const { path, message } of config.problems)
    printProblem(`  ${path === '' ? '(file)' : path}: ${message}\n`)
  printProblem('Nothing was started. 未启动。\n')
  process.exitCode = 2
  return undefined
}

/** The file, and the centre's changes over it. */
function openConfig(file: string): OpenedConfig | undefined {
  const opened = CentreChanges.open(file)
  if (!opened.ok) return void loadConfig(file)
  return opened.value
}

function readVersion(): string {
  const text = readFileSync(join(programFolder(), 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

function logConfig({ config, centre, ignored, misfits, conflicts }: OpenedConfig, logger: Logger): void {
  if (ignored) logger.error({ problems: ignored }, 'the changes of the centre do not fit the file any more')
  else if (centre.sections.length > 0)
    logger.info({ sections: centre.sections }, 'the centre has changed sections of the configuration')
  for (const problem of misfits)
    logger.error(problem, 'what was changed beside the file does not fit the file and is left out')
  for (const { key, by } of conflicts)
    logger.warn({ key, by }, 'the file was edited after the console changed this key: the file counts')
  logger.level = config.logLevel
  for (const problem of findDanglingReferences(config))
    logger.error(problem, 'a part of the configuration does nothing')
  for (const setting of findInsecureSettings(config))
    logger.warn(setting, 'the configuration has an insecure setting')
}

/** Feeds the watchdog during the start: a damaged journal of a month takes minutes to salvage. */
async function startFed(gateway: Gateway, watchdog: (() => void) | undefined): Promise<void> {
  const feeding = watchdog && setInterval(watchdog, startFeedMs)
  const tooLong = setTimeout(() => clearInterval(feeding), startMsMax).unref()
  try {
    await gateway.start()
  } finally {
    clearInterval(feeding)
    clearTimeout(tooLong)
  }
}

const whatFollows = (isDamaged: boolean, isStarted: boolean): string => {
  if (isDamaged) return 'the journal is damaged; starting anew'
  return isStarted ? 'can not go on; the service starts it anew' : 'could not start'
}

async function run(file: string): Promise<void> {
  let opened = openConfig(file)
  if (!opened) return
  setFlagsFromString(`--heap-growing-percent=${heapGrowingPercent}`)
  const { logger, programLog } = openLogger(opened.config)
  let isStopping = false
  let gateway: Gateway | undefined
  let folder: DataFolder | undefined
  const stop = (signal: string): void => {
    if (isStopping) return
    isStopping = true
    logger.info({ signal }, 'stopping')
    setTimeout(() => {
      logger.error('not everything could be flushed in time; the journal is as of its last commit')
      process.exit(1)
    }, stopDeadlineMs).unref()
    void finish(gateway, folder, logger)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('SIGHUP', () => {
    logger.info('SIGHUP: certificates, keys, passwords and revocations are read again')
    void gateway?.reload()
  })
  const version = readVersion()
  const refusedIds = new RefusedIds()
  const watchdog = openWatchdog(logger)
  for (let restarts = 0; !isStopping; restarts++) {
    const { centre } = opened
    logConfig(opened, logger)
    let isStarted = false
    const clock = createSystemClock()
    folder = openDataFolder({ config: opened.config, clock, logger })
    gateway = createGateway({
      ...opened,
      ...folder,
      centreConfig: centre,
      logger,
      programLog,
      clock,
      random: createSystemRandom(),
      version,
      onAlive: watchdog,
      refusedIds,
    })
    try {
      await startFed(gateway, watchdog)
      isStarted = true
      if (isStopping) return
      throw new ConfigChanged(await Promise.race([gateway.failed, folder.writable]))
    } catch (error) {
      if (isStopping) return
      await gateway.stop()
      folder?.close()
      const { code, message } = error as { code?: string; message: string }
      const isDamaged = code !== undefined && /^SQLITE_(CORRUPT|NOTADB)/.test(code)
      if (error instanceof ConfigChanged || (!isStarted && !isDamaged && centre.onTrial !== undefined)) {
        logger.warn({ reason: message }, 'starting anew')
        if (!isStarted) centre.takeBack()
        opened = openConfig(file) ?? opened
        restarts--
        continue
      }
      logger.fatal({ code, reason: message }, whatFollows(isDamaged, isStarted))
      if (isDamaged && restarts < restartsMax) continue
      printProblem(`gengfu gateway: ${message}\n`)
      process.exit(1)
    }
  }
}

function openLogger({ logLevel: level, box }: GatewayConfig): { logger: Logger; programLog: ProgramLog } {
  const programLog = openProgramLog({ level, base: { box: box.id } })
  return { logger: programLog.logger, programLog }
}

const openWatchdog = (logger: Logger): (() => void) | undefined =>
  createWatchdog(
    process.env,
    () => performance.now(),
    (error) => logger.warn({ err: error }, 'the watchdog could not be told that the box works'),
  )

async function finish(
  gateway: Gateway | undefined,
  folder: DataFolder | undefined,
  logger: Logger,
): Promise<never> {
  await gateway?.stop()
  folder?.close()
  logger.info('stopped; everything is flushed')
  process.exit(0)
}

async function password(file: string, device: string): Promise<void> {
  const config = loadConfig(file)
  if (!config) return
  const made = await writeDevicePassword(config.mqtt.passwordFile, device)
  if (made.ok) return void print(`${made.value}\n`)
  printProblem(`gengfu gateway password: ${made.problems[0]?.message ?? 'not possible'}\n`)
  process.exitCode = 2
}

function forget(file: string, device: string): void {
  const config = loadConfig(file)
  if (!config) return
  const asked = forgetDevice(config.dataDir, device)
  if (asked.ok) return void print(`${asked.value}\n`)
  printProblem(`gengfu gateway forget: ${asked.problems[0]?.message ?? 'not possible'}\n`)
  process.exitCode = 2
}
