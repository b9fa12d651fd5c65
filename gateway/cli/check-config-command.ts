// `gengfu check-config`: detects whether a file is a gateway's or a centre's configuration and lists all its problems
// at once.
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { cannotRead, checkCertificateFiles } from '../../platform/certificates/certificate-files.ts'
import { parseConfigYaml, readConfigText } from '../../platform/config-text.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { isObject } from '../../protocols/kit/parse-json.ts'
import type { Problem } from '../../protocols/kit/result.ts'
import { parsePasswordLines } from '../broker/credentials/passwords.ts'
import { CentreChanges } from '../config/centre-changes.ts'
import { readGatewayConfig, type GatewayConfig } from '../config/config.ts'
import { namedFilesOf } from '../../platform/strangers/insecure-settings.ts'
import { checkOutletFiles } from '../../platform/outlets/settings/outlet-files.ts'
import { findDanglingReferences } from '../config/checks/dangling-references.ts'
import { findDisarmedPanels, findIncompletePlaces } from '../config/checks/incomplete-places.ts'
import { findInsecureSettings } from '../config/checks/insecure-settings.ts'
import { becomeUser } from './service-user.ts'
import { print, printProblem } from '../../platform/terminal.ts'

/** The problems of a centre's file, and its open doors. Passed in, since the programs do not import each other. */
export type CheckCentre = (file: string) => { problems: Problem[]; warnings: Problem[] }

interface Checked {
  problems: Problem[]
  /** Warnings about open access; no reason to refuse the file. */
  warnings?: Problem[]
  summary: string
}

/** Runs `gengfu check-config` with its arguments; sets the exit code. */
export async function runCheckConfig(argv: readonly string[], checkCentre: CheckCentre): Promise<void> {
  const program = new Command('gengfu check-config')
    .description(
      'read the configuration of a gateway or a centre and name every problem at once\n检查网关或镇中心的配置，一次列出全部问题',
    )
    .requiredOption('--config <file>', 'YAML configuration 配置文件')
    .option(
      '--as-user <name>',
      'look at the files with the rights of this user: gengfu, when it exists and root asks 以服务用户的权限检查',
    )
    .exitOverride()
    .action(({ config, asUser }: { config: string; asUser?: string }) => {
      const problem = becomeUser(asUser)
      if (problem === undefined) return check(config, checkCentre)
      printProblem(`gengfu check-config: ${problem}\n`)
      process.exitCode = 2
    })
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : 2
  }
}

function check(file: string, checkCentre: CheckCentre): void {
  const { problems, warnings = [], summary } = checkFile(file, checkCentre)
  for (const { path, message } of warnings) printProblem(`  warning 注意 ${path}: ${message}\n`)
  if (problems.length === 0) {
    print(`${file}: good 没有问题 (${summary})\n`)
    return
  }
  printProblem(`${file}: ${problems.length} problem(s) 个问题 (${summary})\n`)
  for (const { path, message } of problems) printProblem(`  ${path === '' ? '(file)' : path}: ${message}\n`)
  process.exitCode = 2
}

function checkFile(file: string, checkCentre: CheckCentre): Checked {
  const text = readConfigText(file)
  const read = text.ok ? parseConfigYaml(text.value) : text
  if (!read.ok) return { problems: read.problems, summary: 'unreadable 无法读取' }
  const program = programOf(read.value)
  if (program === 'gateway') return checkGateway(file, read.value)
  if (program === 'centre') return { ...checkCentre(file), summary: 'centre 镇中心' }
  const message =
    "neither a gateway's configuration (it has box and mqtt) nor a centre's (it has http or uplink.listeners) 既不是网关配置，也不是镇中心配置"
  return { problems: [{ path: '', message }], summary: 'unknown 未知' }
}

/** Detected by the keys that only one of the two has. */
function programOf(value: unknown): 'gateway' | 'centre' | undefined {
  if (!isObject(value)) return undefined
  if ('box' in value || 'mqtt' in value) return 'gateway'
  const { uplink } = value
  if ('http' in value || (isObject(uplink) && 'listeners' in uplink)) return 'centre'
  return undefined
}

function checkGateway(file: string, written: unknown): Checked {
  const config = readGatewayConfig(file)
  if (!config.ok) return { problems: config.problems, summary: 'gateway 网关' }
  const { box, devices, zones, cameras } = config.value
  const summary = `gateway 网关 ${box.id}, ${devices.length} devices, ${zones.length} zones, ${cameras.length} cameras`
  const problems = [checkFiles, sharedPorts, findDanglingReferences].flatMap((look) => look(config.value))
  const warnings = [
    ...findInsecureSettings(config.value),
    ...findIncompletePlaces(config.value),
    ...withoutCentre(written, config.value),
    ...findDisarmedPanels(config.value),
    ...changesBeside(file),
  ]
  return { problems, warnings, summary }
}

/** A section `uplink` without an address, before the box is enrolled. */
function withoutCentre(written: unknown, { uplink }: GatewayConfig): Problem[] {
  if (uplink || !isObject(written) || !isObject(written['uplink'])) return []
  const message =
    'no address of a centre: the box works alone until it is enrolled (gengfu gateway enrol), or write uplink.url 没有中心地址：登记之前只在本地工作'
  return [{ path: 'uplink.url', message }]
}

/** What people changed beside the file and does not count: the file was edited since, or it does not fit any more. */
function changesBeside(file: string): Problem[] {
  const opened = CentreChanges.look(file)
  if (!opened.ok) return []
  const { conflicts, misfits } = opened.value
  const ofConflict = ({ key, by }: (typeof conflicts)[number]): Problem => ({
    path: key,
    message: `the console changed this (${by}) and the file was edited since: the file counts. Choose one on the page “settings” 与控制台的更改冲突，以文件为准`,
  })
  return [...conflicts.map(ofConflict), ...misfits]
}

/** Two listeners on one address: the second would prevent the gateway's start. */
function sharedPorts({ mqtt, console: page }: GatewayConfig): Problem[] {
  const listeners = mqtt.listeners.map(({ host, port }, i) => ({
    path: `mqtt.listeners.${i}.port`,
    host,
    port,
  }))
  const all = [...listeners, { path: 'console.port', host: page.host, port: page.port }]
  const isAny = (host: string): boolean => host === '0.0.0.0' || host === '::'
  return all.flatMap(({ path, host, port }, i) => {
    const first = all.slice(0, i).find((one) => {
      const isSameHost = one.host === host || isAny(one.host) || isAny(host)
      return port !== 0 && one.port === port && isSameHost
    })
    if (!first) return []
    return [{ path, message: `port ${port} is taken by ${first.path} already 端口 ${port} 已被占用` }]
  })
}

/** Files that are named and can not be used by the current user. */
function checkFiles(config: GatewayConfig): Problem[] {
  const { mqtt, uplink, box } = config
  const wallMs = createSystemClock().wallMs()
  const certificates = mqtt.listeners.flatMap(({ tls }, i) =>
    tls ? checkCertificateFiles({ path: `mqtt.listeners.${i}.tls`, ...tls }, wallMs) : [],
  )
  if (uplink) certificates.push(...checkCertificateFiles({ path: 'uplink', ...uplink, name: box.id }, wallMs))
  const unreadable = namedFilesOf(config)
    .filter(({ path }) => !isCheckedElsewhere(path, config))
    .flatMap(({ path, file }) => checkReadable(path, file))
  return [
    ...certificates,
    ...unreadable,
    ...checkOutletFiles(config.outlets),
    ...checkPasswords(mqtt.passwordFile),
    ...checkDataDir(config),
  ]
}

/** Certificates and keys, and files of outlets, have checks of their own; the box makes some files on first use. */
function isCheckedElsewhere(path: string, { updates }: GatewayConfig): boolean {
  if (/^mqtt\.listeners\.\d+\.tls\.revokedFile$/.test(path)) return false
  if (path === 'updates.keyFile') return updates.url === undefined
  return (
    /^(mqtt\.listeners|outlets)\./.test(path) ||
    ['mqtt.passwordFile', 'pictures.keyFile'].includes(path) ||
    ['uplink.caFile', 'uplink.certFile', 'uplink.keyFile'].includes(path)
  )
}

function checkReadable(path: string, file: string): Problem[] {
  try {
    accessSync(file, constants.R_OK)
    return []
  } catch (error) {
    return [{ path, message: cannotRead(file, error) }]
  }
}

/** A missing file is created with the first password. */
function checkPasswords(file: string | undefined): Problem[] {
  if (file === undefined || !existsSync(file)) return []
  const path = 'mqtt.passwordFile'
  const unreadable = checkReadable(path, file)
  if (unreadable.length > 0) return unreadable
  const { problems } = parsePasswordLines(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''))
  return problems.map((message) => ({ path, message: `${message} 该行不能用` }))
}

/** The service's unit creates a missing folder. */
function checkDataDir({ dataDir }: GatewayConfig): Problem[] {
  if (!existsSync(dataDir)) return []
  try {
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
    return []
  } catch {
    return [{ path: 'dataDir', message: `${dataDir} can not be written by this user 服务用户无权写入` }]
  }
}
