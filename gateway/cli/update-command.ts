// `gengfu update`: what runs and what was tried, what a source offers, and the installation of a signed release. The service of the
// package calls `take-offer` as root when the program has fetched what its centre asked for.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { Command, CommanderError } from 'commander'
import { messageOf } from '../../platform/failure.ts'
import { parseMinisignKeys, type MinisignKey } from '../../platform/releases/minisign.ts'
import { endProgress, print, printProblem, printProgress } from '../../platform/terminal.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { describeProblems, type Result } from '../../protocols/kit/result.ts'
import {
  newestRelease,
  type ReleaseManifest,
  type ReleaseReceiver,
} from '../../protocols/releases/release-manifest.ts'
import { readGatewayConfig, type GatewayConfig } from '../config/config.ts'
import { checkRelease, fetchRelease, type CheckedRelease } from '../health/release/fetch-release.ts'
import { readTrial, readRollback, releaseRootOf } from '../health/release/release-files.ts'
import { openReleaseSource, type ReleaseSource } from '../health/release/release-source.ts'
import { placeOffer, takeOffer } from '../health/release/take-offer.ts'
import { programFolder } from '../wiring/program-folder.ts'
import { ownArchitecture } from '../wiring/release/update-from-centre.ts'

interface Flags {
  config: string
  from?: string
  version?: string
  unit?: string
  /** Where the versions lie and the script that stages; found by themselves. */
  root?: string
  script?: string
}

class Refusal extends Error {}

export async function runUpdate(argv: readonly string[]): Promise<void> {
  const program = new Command('gengfu update')
    .description('signed releases of this program 程序更新（签名发布）')
    .exitOverride()
    .addHelpText(
      'after',
      '\nA release is never older than what runs, and it is on trial until it has proven itself.\n更新只升不降；新版本先试用，证明可用后才保留。',
    )
  const add = (name: string, words: string, run: (flags: Flags) => Promise<void> | void): Command =>
    program
      .command(name)
      .description(words)
      .requiredOption('--config <file>', 'YAML configuration of the gateway 网关配置文件')
      .option('--root <folder>', 'the folder of the versions, when it is not that of this program 版本目录')
      .option('--script <file>', 'the release script of the package 发布脚本', '/usr/lib/gengfu/release')
      .action(run)
  const from = 'folder or https address; the configuration’s updates.url by default 来源'
  add('status', 'what runs, what is on trial, what went back 当前版本与试用情况', status)
  add('check', 'what the source offers, and whether this box would take it 查看可用更新', check)
    .option('--from <place>', from)
    .option('--version <version>', 'this one, not the newest 指定版本')
  add('install', 'fetch, check and stage a release; as root 取得、核验并安装', install)
    .option('--from <place>', from)
    .option('--version <version>', 'this one, not the newest 指定版本')
    .option('--unit <name>', 'the service to restart afterwards 随后重启的服务')
  add(
    'take-offer',
    'stage what the service has fetched; as root, by gengfu-update.service 安装服务已取得的版本',
    take,
  ).option('--unit <name>', 'the service to restart afterwards 随后重启的服务')
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return void (process.exitCode = error.exitCode === 0 ? 0 : 2)
    printProblem(`gengfu update: ${messageOf(error)}\n`)
    process.exitCode = error instanceof Refusal ? 1 : 2
  }
}

function load(file: string): GatewayConfig {
  const config = readGatewayConfig(file)
  if (!config.ok) throw new Error(`${file}: ${describeProblems(config.problems)}`)
  return config.value
}

function rootOf({ root }: Flags): string {
  const own = root ?? releaseRootOf(programFolder())
  if (own === undefined)
    throw new Error(
      'this program was not installed as a package: update it where it came from 非软件包安装，无法更新',
    )
  return resolve(own)
}

function keysOf({ updates }: GatewayConfig): MinisignKey[] {
  if (!existsSync(updates.keyFile))
    throw new Error(
      `${updates.keyFile} is missing: put the public key of who signs releases there 缺少发布者公钥`,
    )
  return valueOf(parseMinisignKeys(readFileSync(updates.keyFile, 'utf8')), updates.keyFile)
}

function valueOf<T>(result: Result<T>, what: string): T {
  if (result.ok) return result.value
  throw new Refusal(`${what}: ${describeProblems(result.problems)}`)
}

const runningIn = (root: string): string => basename(readlinkSync(join(root, 'current')))

const receiverOf = (root: string): ReleaseReceiver => ({
  architecture: ownArchitecture(),
  running: runningIn(root),
  nowMs: createSystemClock().wallMs(),
})

function status(flags: Flags): void {
  const root = rootOf(flags)
  const running = runningIn(root)
  print(`running 当前版本: ${running}\n`)
  const trial = readTrial(join(root, 'releases', running))
  if (trial) print(`on trial 试用中; the version before 前一版本: ${trial.previous}\n`)
  const back = readRollback(root)
  if (back) print(`went back 曾退回: ${back.version}: ${back.reason}\n`)
  const kept = readdirSync(join(root, 'releases')).filter((name) => !name.startsWith('.'))
  print(`on the disk 本机保留: ${kept.sort().join(', ')}\n`)
}

async function withRelease(
  flags: Flags,
  run: (release: CheckedRelease, source: ReleaseSource, config: GatewayConfig) => Promise<void>,
): Promise<void> {
  const config = load(flags.config)
  const place = flags.from ?? config.updates.url
  if (place === undefined)
    throw new Error('--from FOLDER or URL, or updates.url in the configuration, is needed 需要 --from')
  const { caFile } = config.updates
  const source = openReleaseSource(place, caFile === undefined ? undefined : readFileSync(caFile, 'utf8'))
  try {
    const { version = newestRelease } = flags
    const receiver = receiverOf(rootOf(flags))
    const release = await checkRelease({ source, keys: keysOf(config), version, ...receiver })
    await run(valueOf(release, `${place} ${version}`), source, config)
  } finally {
    source.close()
  }
}

const check = (flags: Flags): Promise<void> =>
  withRelease(flags, async ({ manifest, trustedComment }) => {
    print(`✓ ${manifest.version} may be installed 可安装: gengfu update install --config ${flags.config}\n`)
    print(`  valid until 有效期至 ${manifest.expiresAt}; ${trustedComment}\n`)
  })

const install = (flags: Flags): Promise<void> =>
  withRelease(flags, async (release, source, config) => {
    const root = rootOf(flags)
    const folder = mkdtempSync(join(root, '.fetch-'))
    try {
      const fetched = await fetchRelease({
        source,
        release,
        folder,
        clock: createSystemClock(),
        isUrgent: true,
        signal: new AbortController().signal,
        onProgress: (bytes, of) => printProgress(`${Math.floor((100 * bytes) / of)} %`),
      })
      endProgress()
      placeOffer(folder, valueOf(fetched, 'fetch').version)
      stage(flags, root, folder, config, true)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

function take(flags: Flags): void {
  const config = load(flags.config)
  stage(flags, rootOf(flags), join(config.dataDir, 'release', 'offer'), config)
}

function stage(flags: Flags, root: string, offer: string, config: GatewayConfig, isByHand = false): void {
  const releaseScript = flags.script ?? ''
  const [keys, receiver] = [() => keysOf(config), () => receiverOf(root)]
  const options = { offer, root, releaseScript, keys, receiver, isByHand }
  const manifest: ReleaseManifest = valueOf(takeOffer(options), 'refused 未接受')
  print(`✓ ${manifest.version} is staged and on trial from the next start 已放置，下次启动起试用\n`)
  if (flags.unit === undefined)
    print(`  restart the service to begin 重启服务: systemctl restart gengfu-gateway\n`)
  else execFileSync('systemctl', ['--no-block', 'try-restart', flags.unit], { stdio: 'inherit' })
}
