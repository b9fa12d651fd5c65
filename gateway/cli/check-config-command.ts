// `gengfu check-config`: tells a gateway's configuration from a centre's and names every problem of it at once.
import { existsSync, readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { parse } from 'yaml'
import { isObject } from '../../protocols/kit/parse-json.ts'
import type { Problem } from '../../protocols/kit/result.ts'
import { readGatewayConfig, type GatewayConfig } from '../config/config.ts'

/** Everything wrong with a centre's file. Handed in, since the programs do not know each other. */
export type CheckCentre = (file: string) => Problem[]

interface Checked {
  problems: Problem[]
  summary: string
}

/** Runs `gengfu check-config` with the words after it; sets the exit code. */
export async function runCheckConfig(argv: readonly string[], checkCentre: CheckCentre): Promise<void> {
  const program = new Command('gengfu check-config')
    .description(
      'read the configuration of a gateway or a centre and name every problem at once\n检查网关或镇中心的配置，一次列出全部问题',
    )
    .requiredOption('--config <file>', 'YAML configuration 配置文件')
    .exitOverride()
    .action(({ config }: { config: string }) => check(config, checkCentre))
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : 2
  }
}

function check(file: string, checkCentre: CheckCentre): void {
  const { problems, summary } = checkFile(file, checkCentre)
  if (problems.length === 0) {
    process.stdout.write(`${file}: good 没有问题 (${summary})\n`)
    return
  }
  process.stderr.write(`${file}: ${problems.length} problem(s) 个问题 (${summary})\n`)
  for (const { path, message } of problems)
    process.stderr.write(`  ${path === '' ? '(file)' : path}: ${message}\n`)
  process.exitCode = 2
}

function checkFile(file: string, checkCentre: CheckCentre): Checked {
  let value: unknown
  try {
    value = parse(readFileSync(file, 'utf8'), { maxAliasCount: 100 })
  } catch (error) {
    return { problems: [{ path: '', message: (error as Error).message }], summary: 'unreadable 无法读取' }
  }
  const program = programOf(value)
  if (program === 'gateway') return checkGateway(file)
  if (program === 'centre') return { problems: checkCentre(file), summary: 'centre 镇中心' }
  const message =
    "neither a gateway's configuration (it has box and mqtt) nor a centre's (it has http or uplink.listeners) 既不是网关配置，也不是镇中心配置"
  return { problems: [{ path: '', message }], summary: 'unknown 未知' }
}

/** Told by the keys that only one of the two has. */
function programOf(value: unknown): 'gateway' | 'centre' | undefined {
  if (!isObject(value)) return undefined
  if ('box' in value || 'mqtt' in value) return 'gateway'
  const { uplink } = value
  if ('http' in value || (isObject(uplink) && 'listeners' in uplink)) return 'centre'
  return undefined
}

function checkGateway(file: string): Checked {
  const config = readGatewayConfig(file)
  if (!config.ok) return { problems: config.problems, summary: 'gateway 网关' }
  const { box, devices, zones, cameras } = config.value
  const summary = `gateway 网关 ${box.id}, ${devices.length} devices, ${zones.length} zones, ${cameras.length} cameras`
  return { problems: [...missingFiles(config.value), ...sharedPorts(config.value)], summary }
}

/** Two that listen on one address: the second would keep the gateway from starting. */
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

/** Certificates and keys that are named and not there; a password file is made when the first password is. */
function missingFiles({ mqtt, uplink }: GatewayConfig): Problem[] {
  const named: [string, string | undefined][] = mqtt.listeners.flatMap(({ tls }, i) =>
    (['certFile', 'keyFile', 'caFile', 'revokedFile'] as const).map((key): [string, string | undefined] => [
      `mqtt.listeners.${i}.tls.${key}`,
      tls?.[key],
    ]),
  )
  for (const key of ['caFile', 'certFile', 'keyFile', 'passwordFile'] as const)
    named.push([`uplink.${key}`, uplink?.[key]])
  return named.flatMap(([path, file]) =>
    file === undefined || existsSync(file) ? [] : [{ path, message: `${file} is not there 文件不存在` }],
  )
}
