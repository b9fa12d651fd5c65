// `gengfu centre`: flags, signals and exit codes; everything else is wired in centre.ts.
import { Command, Option } from 'commander'
import type { Logger } from 'pino'
import { createSystemClock } from '../protocols/kit/clock.ts'
import { createSystemRandom } from '../protocols/kit/random.ts'
import { createWatchdog } from '../platform/systemd-watchdog.ts'
import type { CentreConfig } from './config/config.ts'
import { loadCentreConfig } from './config/load-config.ts'
import { confirmRelease } from './config/confirm-release.ts'
import { stateFolder } from '../platform/releases/state-folder.ts'
import { findInsecureSettings } from './config/insecure-settings.ts'
import { addAccountCommands } from './cli/account-commands.ts'
import { addBackupCommands } from './cli/backup-commands.ts'
import { addOutletCommands } from './cli/outlet-commands.ts'
import { addAuthorityCommands } from './cli/authority-commands.ts'
import { addEnrolmentCommands } from './cli/enrolment-commands.ts'
import { addCopyStorage } from './cli/copy-storage.ts'
import { addBulletin } from './cli/bulletin.ts'
import { addPrune } from './cli/prune.ts'
import { addUpdateCommands } from './cli/update-commands.ts'
import { addVerifyAudit } from './cli/verify-audit.ts'
import { UsageFailure } from './cli/usage-failure.ts'
import { StorageFailure } from './storage/storage-failure.ts'
import { codeOf, messageOf } from '../platform/failure.ts'
import { closedFolderIn } from './storage/backup/backup-folder.ts'
import { becomeOwnerOf } from '../platform/rights/folder-owner.ts'
import { openProgramLog } from '../platform/support/program-log.ts'
import { printProblem } from '../platform/terminal.ts'

export { checkCentreConfig } from './config/load-config.ts'

/** SIGTERM must end within 5 s; a commit that takes longer was never acknowledged. */
const stopMsMax = 4500
/** Leaves time for a log line about a part that hangs. */
const partsStopMsMax = 4000

/** A thread of storage ended unexpectedly, for example because memory ran out. */
const threadEndedExitCode = 70

function load(file: string): CentreConfig {
  const loaded = loadCentreConfig(file)
  if (loaded.ok) return loaded.value
  const lines = loaded.problems.map(({ path, message }) => `  ${path === '' ? '(file)' : path}: ${message}`)
  throw new UsageFailure(`配置有误 / the configuration is not valid: ${file}\n${lines.join('\n')}`)
}

/** For a command beside the service: root leaves no file behind that the service can not open. */
function loadAsService(file: string, writesTo?: string): CentreConfig {
  const config = load(file)
  becomeOwnerOf(config.dataDir, writesTo)
  const closed = writesTo === undefined ? undefined : closedFolderIn(writesTo)
  if (closed !== undefined) throw new UsageFailure(cannotChange(closed, config.dataDir))
  return config
}

/** Before any work: a backup that root made earlier, or a stick whose mount gives it to another user. */
const cannotChange = (folder: string, dataDir: string): string =>
  `用户 ${process.getuid?.() ?? ''} 不能写入 / user ${process.getuid?.() ?? ''} may not change: ${folder}
  本命令以数据目录所有者的权限运行 / this works with the rights of the owner of dataDir: ${dataDir}
  改所有者 / give it to that user: chown -R ${process.getuid?.() ?? ''}: ${folder}
  无所有者的文件系统（FAT、CIFS）须在挂载时指定 / on FAT and CIFS the mount says it: uid=${process.getuid?.() ?? ''},gid=${process.getgid?.() ?? ''}`

/** Of `createFolder`: the configured data folder can not be made. */
const noFolderCodes: ReadonlySet<string> = new Set(['ENOTDIR', 'ENOTSUP'])

async function serve(file: string): Promise<void> {
  const config = load(file)
  const programLog = openProgramLog({ level: config.logLevel, base: { program: 'centre' } })
  const { logger } = programLog
  for (const setting of findInsecureSettings(config))
    logger.warn(setting, 'the configuration has an insecure setting')
  const watchdog = createWatchdog(
    process.env,
    () => performance.now(),
    (error) => logger.warn({ err: error }, 'the watchdog could not be told that the centre works'),
  )
  // Loaded only to run: a command about users or tokens starts without the server, the broker and their packages.
  const { createCentre } = await import('./centre.ts')
  const centre = createCentre({
    config,
    logger,
    programLog,
    clock: createSystemClock(),
    random: createSystemRandom(),
    stopMsMax: partsStopMsMax,
    // Stored data is durable; the supervisor restarts the program.
    onFatal: () => process.exit(threadEndedExitCode),
    ...(watchdog ? { onAlive: watchdog } : {}),
  })
  let isStopping = false
  const stop = (signal: string): void => {
    if (isStopping) return
    isStopping = true
    logger.info({ signal }, 'centre is stopping')
    setTimeout(() => {
      logger.error('centre did not stop in time')
      process.exit(1)
    }, stopMsMax).unref()
    centre
      .stop()
      .then(() => {
        logger.info('centre has stopped')
        process.exit(0)
      })
      .catch((error: unknown) => {
        logger.fatal({ err: error }, 'centre stopped with a failure')
        process.exit(1)
      })
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('SIGHUP', () => {
    logger.info('certificates and lists are read again')
    centre.reload().catch((error: unknown) => logger.error({ err: error }, 'files can not be read again'))
  })
  try {
    await centre.start()
  } catch (error) {
    if (isStopping) return
    logger.fatal({ err: error }, 'centre can not start')
    if (error instanceof StorageFailure || noFolderCodes.has(codeOf(error)))
      throw new UsageFailure(messageOf(error))
    throw error
  }
  confirm(config, logger)
}

function confirm({ dataDir }: CentreConfig, logger: Logger): void {
  try {
    confirmRelease(stateFolder(process.env, dataDir))
  } catch (error) {
    logger.error({ err: error }, 'this version could not be confirmed: the release script may go back')
  }
}

function createProgram(): Command {
  const program = new Command('gengfu centre')
    .description('镇中心服务 / the town centre: takes Reports from boxes and serves the desk')
    .enablePositionalOptions()
    .addOption(new Option('--config <file>', '配置文件 / configuration (YAML)'))
    .action(async ({ config }: { config?: string }) => {
      if (config === undefined) throw new UsageFailure('--config FILE 是必需的 / is needed')
      await serve(config)
    })
  addAccountCommands(program, loadAsService)
  addVerifyAudit(program, loadAsService)
  addBackupCommands(program, loadAsService)
  addCopyStorage(program, loadAsService)
  addPrune(program, loadAsService)
  addUpdateCommands(program, load)
  addOutletCommands(program, load)
  addBulletin(program, loadAsService)
  addEnrolmentCommands(program, loadAsService)
  addAuthorityCommands(program, loadAsService)
  return program
}

/** Runs `gengfu centre ARGV`; resolves once a server is listening or a command is done. */
export async function runCentre(argv: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync([...argv], { from: 'user' })
  } catch (error) {
    const isUnreadable = codeOf(error) === 'EACCES'
    if (!(error instanceof UsageFailure || error instanceof StorageFailure || isUnreadable)) throw error
    printProblem(`${messageOf(error)}\n`)
    if (isUnreadable)
      printProblem(
        `本命令以用户 ${process.getuid?.() ?? ''} 的权限运行 / this works with the rights of user ${process.getuid?.() ?? ''}\n`,
      )
    process.exitCode = 2
  }
}
