// `gengfu centre`: flags, signals and exit codes; everything else is wired in centre.ts.
import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { pino } from 'pino'
import { roles, type Role } from '../protocols/desk/api.ts'
import { createSystemClock } from '../protocols/kit/clock.ts'
import { createSystemRandom } from '../protocols/kit/random.ts'
import { createCentre } from './centre.ts'
import type { CentreConfig } from './config/config.ts'
import { loadCentreConfig } from './config/load-config.ts'
import { createToken, createUser, userNamePattern } from './cli/accounts.ts'
import { createPassword, passwordLengthMin } from './accounts/passwords.ts'
import { StorageFailure } from './storage/storage-failure.ts'

export { checkCentreConfig } from './config/load-config.ts'

/** SIGTERM must end within 5 s; what a commit needs beyond this was never acknowledged. */
const stopMsMax = 4500
/** So that a part that hangs leaves time for a log line. */
const partsStopMsMax = 4000

/** Wrong use: said on stderr, exit code 2. */
class UsageFailure extends Error {}

function load(file: string): CentreConfig {
  const loaded = loadCentreConfig(file)
  if (loaded.ok) return loaded.value
  const lines = loaded.problems.map(({ path, message }) => `  ${path === '' ? '(file)' : path}: ${message}`)
  throw new UsageFailure(`配置有误 / the configuration is not valid: ${file}\n${lines.join('\n')}`)
}

async function serve(file: string): Promise<void> {
  const config = load(file)
  const logger = pino({ level: config.logLevel, base: { program: 'centre' } })
  const centre = createCentre({
    config,
    logger,
    clock: createSystemClock(),
    random: createSystemRandom(),
    stopMsMax: partsStopMsMax,
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
  try {
    await centre.start()
  } catch (error) {
    if (isStopping) return
    logger.fatal({ err: error }, 'centre can not start')
    if (error instanceof StorageFailure) throw new UsageFailure(error.message)
    throw error
  }
}

function nameOf(name: string): string {
  if (!userNamePattern.test(name))
    throw new UsageFailure('--name: letters, digits, dot, dash, underscore; at most 64')
  return name
}

async function addUser(options: { config: string; name: string; role: Role; passwordFile?: string }) {
  const config = load(options.config)
  const random = createSystemRandom()
  const { passwordFile } = options
  const password =
    passwordFile === undefined ? createPassword(random) : readFileSync(passwordFile, 'utf8').trimEnd()
  if (password.length < passwordLengthMin || password.length > 256)
    throw new UsageFailure(
      `密码须为 ${passwordLengthMin} 到 256 个字符 / a password has ${passwordLengthMin} to 256 characters`,
    )
  const { role } = options
  await createUser(
    { config, clock: createSystemClock(), random },
    { name: nameOf(options.name), role, password },
  )
  if (passwordFile === undefined) process.stdout.write(`${password}\n`)
}

function printToken(options: { config: string; role: Role; name: string }): void {
  const config = load(options.config)
  const account = { name: nameOf(options.name), role: options.role }
  const token = createToken({ config, clock: createSystemClock(), random: createSystemRandom() }, account)
  process.stdout.write(`${token}\n`)
}

function createProgram(): Command {
  const configFlag = () =>
    new Option('--config <file>', '配置文件 / configuration (YAML)').makeOptionMandatory()
  const roleFlag = () => new Option('--role <role>', '角色 / role').choices(roles).makeOptionMandatory()
  const program = new Command('gengfu centre')
    .description('镇中心服务 / the town centre: takes Reports from boxes and serves the desk')
    .enablePositionalOptions()
    .addOption(new Option('--config <file>', '配置文件 / configuration (YAML)'))
    .action(async ({ config }: { config?: string }) => {
      if (config === undefined) throw new UsageFailure('--config FILE 是必需的 / is needed')
      await serve(config)
    })
  program
    .command('token')
    .description('生成访问令牌并打印 / make a bearer token and print it')
    .addOption(configFlag())
    .addOption(roleFlag())
    .option('--name <name>', '令牌的使用者 / who or what uses it', 'token')
    .action(printToken)
  program
    .command('user')
    .description('管理用户 / users')
    .command('add')
    .description('新增用户或重设其密码与角色 / add a user, or set its password and role anew')
    .addOption(configFlag())
    .requiredOption('--name <name>', '用户名 / user name')
    .addOption(roleFlag())
    .option(
      '--password-file <file>',
      '从文件读取密码；否则生成并打印 / read the password; else one is made and printed',
    )
    .action(addUser)
  return program
}

/** Runs `gengfu centre ARGV`; resolves once a server is listening or a command is done. */
export async function runCentre(argv: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof UsageFailure || error instanceof StorageFailure)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 2
  }
}
