// `gengfu centre update`: offers a signed release to the boxes of the town in waves, shows what came of each box, and holds it.
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { parseMinisignKeys } from '../../platform/releases/minisign.ts'
import { print } from '../../platform/terminal.ts'
import {
  parseWaves,
  rolloutBoxStates,
  type RolloutBox,
  type RolloutPlan,
  type RolloutProgress,
  type RolloutWave,
} from '../../protocols/desk/updates.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { describeProblems } from '../../protocols/kit/result.ts'
import type { CentreConfig } from '../config/config.ts'
import { releaseFolderOf, takeRelease } from '../updates/release-folder.ts'
import { RolloutFiles } from '../updates/rollout-files.ts'
import { UsageFailure } from './usage-failure.ts'

type Load = (file: string) => CentreConfig

const configFlag = (): Option =>
  new Option('--config <file>', '配置文件 / configuration (YAML)').makeOptionMandatory()

function hours(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,3}(\.\d{1,2})?$/.test(text) ? Number.parseFloat(text) : Number.NaN
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`${least} to ${most}`)
  }
}

function waves(text: string): RolloutWave[] {
  const parsed = parseWaves(text)
  if (parsed) return parsed
  throw new InvalidArgumentError(
    '"320612104201-1;10%;100%": ids or codes with commas, shares; waves with semicolons',
  )
}

const words: Record<RolloutBox['state'], string> = {
  asked: '已通知 / asked',
  done: '✓ 已证明可用 / done',
  refused: '未接受 / refused',
  'went-back': '✗ 已退回 / went back',
  failed: '✗ 失败 / failed',
  missing: '✗ 无结果 / missing',
}

export function addUpdateCommands(program: Command, load: Load): void {
  const update = program
    .command('update')
    .description('分批更新网关程序 / releases for the boxes of the town, in waves')
  addOffer(update, load)
  update
    .command('status')
    .description('更新进度与各网关结果 / how far it is, and what came of each box')
    .addOption(configFlag())
    .action(({ config }: { config: string }) => show(RolloutFiles.ofReleases(load(config).dataDir)))
  for (const [name, isPaused, text] of [
    ['pause', true, '暂停：不再通知新的网关 / asks no further box'],
    ['resume', false, '继续 / goes on'],
  ] as const)
    update
      .command(name)
      .description(text)
      .addOption(configFlag())
      .action(({ config }: { config: string }) => {
        const files = RolloutFiles.ofReleases(load(config).dataDir)
        const { plan } = files
        if (!plan) throw new UsageFailure('尚未提供任何版本 / no release was offered')
        files.plan = { ...plan, isPaused }
        print(`✓ ${plan.version} ${text}\n`)
      })
}

interface OfferFlags {
  config: string
  from: string
  version: string
  key: string
  waves: RolloutWave[]
  termHours: number
  restHours: number
  by: string
}

function addOffer(update: Command, load: Load): void {
  update
    .command('offer')
    .description('提供一个已签名的版本 / checks a signed release and offers it to the boxes, wave after wave')
    .addOption(configFlag())
    .requiredOption(
      '--from <folder>',
      'npm run package 的输出目录 / folder with the archive, manifest and signature',
    )
    .requiredOption('--version <version>', '版本号 / the version')
    .option('--key <file>', '发布者公钥 / public key of minisign', '/etc/gengfu/update.pub')
    .option('--waves <list>', '批次 / waves, such as "320612104201-1;10%;100%"', waves, [
      { percent: 1 },
      { percent: 10 },
      { percent: 50 },
      { percent: 100 },
    ])
    .option(
      '--term-hours <n>',
      '一台网关的期限 / a box without a result after this stops it',
      hours(0.01, 168),
      24,
    )
    .option('--rest-hours <n>', '批次之间的间隔 / between two waves', hours(0, 720), 24)
    .requiredOption('--by <name>', '谁 / your name, for the record')
    .action((flags: OfferFlags) => offer(flags, load))
}

async function offer(flags: OfferFlags, load: Load): Promise<void> {
  const { dataDir } = load(flags.config)
  if (!existsSync(flags.key)) throw new UsageFailure(`缺少公钥 / the public key is missing: ${flags.key}`)
  const keys = parseMinisignKeys(readFileSync(flags.key, 'utf8'))
  if (!keys.ok) throw new UsageFailure(`${flags.key}: ${describeProblems(keys.problems)}`)
  const nowMs = createSystemClock().wallMs()
  const folder = releaseFolderOf(dataDir)
  const taken = await takeRelease(resolve(flags.from), flags.version, keys.value, folder, nowMs)
  if (!taken.ok) throw new UsageFailure(`未提供 / not offered: ${describeProblems(taken.problems)}`)
  const plan: RolloutPlan = {
    version: flags.version,
    waves: flags.waves,
    termHours: flags.termHours,
    restHours: flags.restHours,
    by: flags.by,
    startedAtMs: nowMs,
    isPaused: false,
  }
  RolloutFiles.ofReleases(dataDir).plan = plan
  for (const { architecture, archive } of taken.value)
    print(`✓ ${flags.version} ${architecture}: ${archive.name}, ${archive.bytes} bytes\n`)
  print(`  ${plan.waves.length} 批 / waves: ${plan.waves.map(describeWave).join('; ')}\n`)
  print(`  进度 / progress: gengfu centre update status --config ${flags.config}\n`)
}

const describeWave = (wave: RolloutWave): string =>
  'percent' in wave ? `${wave.percent} %` : wave.boxes.join(', ')

function show(files: RolloutFiles): void {
  const { plan, progress } = files
  if (!plan) return void print('尚未提供任何版本 / no release was offered\n')
  const paused = plan.isPaused ? ', 已暂停 / paused' : ''
  print(`${plan.version}, ${plan.by}, ${new Date(plan.startedAtMs).toISOString()}${paused}\n`)
  if (progress?.version !== plan.version)
    return void print('  还没有网关被通知；中心在运行吗 / no box was asked yet; does the centre run?\n')
  const { state, wave, reason, boxes } = progress
  print(
    `  ${state}, 第 ${wave + 1}/${plan.waves.length} 批 / wave: ${describeWave(plan.waves[wave] ?? { percent: 100 })}\n`,
  )
  if (reason) print(`  ✗ 已自动停止 / it stopped by itself: ${reason.box} ${reason.what}\n`)
  for (const one of rolloutBoxStates) {
    const some = Object.entries(boxes).filter(([, box]) => box.state === one)
    if (some.length > 0) print(`  ${words[one]}: ${some.length}\n`)
  }
  for (const line of linesOf(boxes)) print(line)
}

/** Boxes that are done need no line of their own. */
const linesOf = (boxes: RolloutProgress['boxes']): string[] =>
  Object.entries(boxes)
    .filter(([, { state }]) => state !== 'done')
    .map(([id, { state, reason, atMs }]) => {
      const why = reason ? `: ${reason.zh} / ${reason.en}` : ''
      return `    ${id} ${words[state]} ${new Date(atMs).toISOString()}${why}\n`
    })
