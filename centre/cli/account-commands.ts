// `gengfu centre user ...` and `gengfu centre token ...`: flags and output.
import { readFileSync } from 'node:fs'
import { Option, type Command } from 'commander'
import { roles, type Role } from '../../protocols/desk/api.ts'
import { parseScope, type Scope } from '../../protocols/desk/scope.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../protocols/kit/random.ts'
import { findPasswordFault, passwordFaults } from '../accounts/bad-passwords.ts'
import { createPassword } from '../accounts/passwords.ts'
import type { CentreConfig } from '../config/config.ts'
import * as accounts from './accounts.ts'
import { UsageFailure } from './usage-failure.ts'
import { print } from '../../platform/terminal.ts'

interface NameFlags {
  config: string
  name: string
}
interface PasswordFlags extends NameFlags {
  passwordFile?: string
}

const printLine = (line: string): void => void print(`${line}\n`)
const dayMs = 86_400_000

function nameOf({ name }: { name: string }): string {
  if (!accounts.userNamePattern.test(name))
    throw new UsageFailure('--name: letters, digits, dot, dash, underscore; at most 64')
  return name
}

/** The password in the file, checked, or a new one. */
function passwordOf({ name, passwordFile }: PasswordFlags): { password: string; isMade: boolean } {
  if (passwordFile === undefined) return { password: createPassword(createSystemRandom()), isMade: true }
  const password = readFileSync(passwordFile, 'utf8')
    .replace(/^\uFEFF/, '')
    .trimEnd()
  const fault = findPasswordFault(name, password)
  if (fault) throw new UsageFailure(`${passwordFaults[fault].zh} / ${passwordFaults[fault].en}`)
  return { password, isMade: false }
}

const scopeText =
  '可见范围：镇代码（9位）或村，逗号分隔；all 为全部 / villages it sees: codes of towns (9 digits) or villages, by comma; all'

/** Undefined: not given; null: every village. */
function scopeOf({ scope }: { scope?: string }): Scope | null | undefined {
  if (scope === undefined) return undefined
  const parsed = parseScope(scope)
  if (parsed === undefined)
    throw new UsageFailure('--scope: 320612104,upper-brook (towns by 9 digits, villages by their id), or all')
  return parsed
}

/** `30d`, `12h`, or a date: the validity of a token from `nowMs` on. */
function lifeOf(expires: string, nowMs: number): number {
  const [, amount, unit] = /^(\d{1,5})([dh])$/.exec(expires) ?? []
  const lifeMs =
    amount === undefined ? Date.parse(expires) - nowMs : Number(amount) * (unit === 'd' ? dayMs : dayMs / 24)
  if (!(lifeMs > 0) || lifeMs > 3660 * dayMs)
    throw new UsageFailure('--expires: 30d, 12h or a date such as 2027-06-30, within ten years')
  return lifeMs
}

type LoadConfig = (file: string) => CentreConfig

const configFlag = (): Option =>
  new Option('--config <file>', '配置文件 / configuration (YAML)').makeOptionMandatory()
const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

function optionsWith(load: LoadConfig): (flags: { config: string }) => accounts.AccountOptions {
  return ({ config }) => ({
    config: load(config),
    clock: createSystemClock(),
    random: createSystemRandom(),
  })
}

export function addAccountCommands(program: Command, load: LoadConfig): void {
  const user = program.command('user').description('管理用户 / users')
  const userCommand: NewUserCommand = (name, description) =>
    user
      .command(name)
      .description(description)
      .addOption(configFlag())
      .requiredOption('--name <name>', '用户名 / user name')
  addPasswordCommands(userCommand, optionsWith(load))
  addRightCommands(userCommand, optionsWith(load))
  addUserList(user, optionsWith(load))
  addTokenCommands(program, optionsWith(load))
}

type NewUserCommand = (name: string, description: string) => Command
type OptionsOf = ReturnType<typeof optionsWith>

const passwordText = '从文件读取密码；否则生成并打印 / read the password; else one is made and printed'

function known(isKnown: boolean, name: string): void {
  if (!isKnown) throw new UsageFailure(`没有此用户 / there is no such user: ${name}`)
}

function addPasswordCommands(userCommand: NewUserCommand, optionsOf: OptionsOf): void {
  userCommand('add', '新增用户或重设其密码与角色 / add a user, or set its password and role anew')
    .addOption(new Option('--role <role>', '角色 / role').choices(roles).makeOptionMandatory())
    .option('--password-file <file>', passwordText)
    .option('--scope <places>', scopeText)
    .action(async (flags: PasswordFlags & { role: Role; scope?: string }) => {
      const name = nameOf(flags)
      const { password, isMade } = passwordOf(flags)
      await accounts.createUser(optionsOf(flags), { name, role: flags.role, password, scope: scopeOf(flags) })
      if (isMade) printLine(password)
    })
  userCommand('password', '重设密码，其会话随即结束 / set a new password; the sessions of the user end')
    .option('--password-file <file>', passwordText)
    .action(async (flags: PasswordFlags) => {
      const { password, isMade } = passwordOf(flags)
      known(await accounts.setPassword(optionsOf(flags), flags.name, password), flags.name)
      if (isMade) printLine(password)
    })
}

function addRightCommands(userCommand: NewUserCommand, optionsOf: OptionsOf): void {
  userCommand('disable', '停用，会话随即结束 / keep the user out; its sessions end').action(
    (flags: NameFlags) => known(accounts.setUserDisabled(optionsOf(flags), flags.name, true), flags.name),
  )
  userCommand('enable', '重新启用 / let the user in again').action((flags: NameFlags) =>
    known(accounts.setUserDisabled(optionsOf(flags), flags.name, false), flags.name),
  )
  userCommand('scope', '限定可见的镇村，其会话随即结束 / which villages the user sees; its sessions end')
    .requiredOption('--scope <places>', scopeText)
    .action((flags: NameFlags & { scope: string }) =>
      known(accounts.setUserScope(optionsOf(flags), flags.name, scopeOf(flags) ?? null), flags.name),
    )
  userCommand(
    'reset-factor',
    '移除动态码（手机丢失） / take the second factor off, as when the phone is lost',
  ).action((flags: NameFlags) => known(accounts.resetSecondFactor(optionsOf(flags), flags.name), flags.name))
  userCommand('remove', '删除用户 / remove the user; what it did stays in the records').action(
    (flags: NameFlags) => known(accounts.removeUser(optionsOf(flags), flags.name), flags.name),
  )
}

function addUserList(user: Command, optionsOf: OptionsOf): void {
  user
    .command('list')
    .description('列出用户 / list the users')
    .addOption(configFlag())
    .action((flags: { config: string }) => {
      for (const one of accounts.listUsers(optionsOf(flags)))
        printLine(
          [
            one.user,
            one.role,
            one.isDisabled ? '停用 disabled' : '启用 enabled',
            one.scope?.join(',') ?? 'all',
            dayOf(one.createdAtMs),
          ].join('\t'),
        )
    })
}

function addTokenCommands(program: Command, optionsOf: OptionsOf): void {
  const token = program
    .command('token')
    .description('生成访问令牌并打印 / make a bearer token for a program and print it')
    .option('--config <file>', '配置文件 / configuration (YAML)')
    .addOption(new Option('--role <role>', '角色 / role').choices(roles))
    .option('--name <name>', '令牌的使用者 / which program uses it', 'token')
    .option('--expires <when>', '有效期：30d、12h 或日期 / 30d, 12h or a date', '365d')
    .option('--scope <places>', scopeText)
    .action((flags: { config?: string; role?: Role; name: string; expires: string; scope?: string }) => {
      const { config, role } = flags
      if (config === undefined || role === undefined)
        throw new UsageFailure('--config FILE --role ROLE 是必需的 / are needed')
      const lifeMs = lifeOf(flags.expires, createSystemClock().wallMs())
      printLine(
        accounts.createToken(optionsOf({ config }), {
          name: nameOf(flags),
          role,
          lifeMs,
          scope: scopeOf(flags) ?? undefined,
        }),
      )
    })
  addTokenUpkeep(token, optionsOf)
}

function addTokenUpkeep(token: Command, optionsOf: OptionsOf): void {
  token
    .command('list')
    .description('列出有效令牌 / list the valid tokens of programs')
    .addOption(configFlag())
    .action((flags: { config: string }) => {
      for (const one of accounts.listTokens(optionsOf(flags)))
        printLine(
          [
            one.id,
            one.name,
            one.role,
            one.scope?.join(',') ?? 'all',
            dayOf(one.createdAtMs),
            dayOf(one.expiresAtMs),
          ].join('\t'),
        )
    })
  token
    .command('revoke')
    .description('吊销令牌，随即失效 / revoke a token; it ends at once')
    .addOption(configFlag())
    .requiredOption('--id <id>', '“token list”的第一列 / first column of "token list"')
    .action((flags: { config: string; id: string }) => {
      if (!accounts.revokeToken(optionsOf(flags), flags.id))
        throw new UsageFailure(`没有此令牌 / there is no such token: ${flags.id}`)
    })
}
