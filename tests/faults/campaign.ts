// `npm run campaign -- NAME`: the long runs that do not fit into the test command. Each prints its seed and its result.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { placesProblem } from '../kits/network/two-places.ts'
import type { VillageFaults } from './compare-village.ts'
import { brokenOf, runEvening } from './town/centre-evening.ts'
import { addCounty } from './county/county-campaign.ts'
import { runTownCounty } from './town/town-county.ts'
import { runDamageCampaign } from './damage/damage-campaign.ts'
import { runCameraCampaign } from './cameras/camera-campaign.ts'
import { releaseTree, runImagesCampaign } from './upkeep/images-campaign.ts'
import { runFuzzCampaign } from './fuzz-campaign.ts'
import { runProvisioningKills } from './provisioning/provisioning-kills.ts'
import { runKillCampaign } from './kill-campaign.ts'
import { runManyCamerasCampaign } from './cameras/many-cameras-campaign.ts'
import { runLinkCampaign } from './link-campaign.ts'
import { runPrometheusCampaign } from './upkeep/prometheus-campaign.ts'
import { runWatchdogCampaign } from './upkeep/watchdog-campaign.ts'
import { runYearCampaign } from './upkeep/year-campaign.ts'
import { runArm64Campaign } from './installed/arm64-campaign.ts'
import { runPackagesCampaign } from './installed/packages-campaign.ts'
import { runBoxOutletKills } from './outlets/box-outlet-kills.ts'
import { runOutletKills } from './outlets/outlet-kills.ts'
import { runPowerCuts } from './power-cuts.ts'
import { runSenderKills } from './senders/sender-kills.ts'
import { runStructureCampaign } from '../fuzz/structure/structure-campaign.ts'
import { runStructureTown, waitLines } from '../fuzz/town/structure-town.ts'
import { addSimulate } from '../simulation/campaign.ts'

/** Kills of one round; a campaign of more runs several rounds on fresh data. */
const killsPerRound = 100
/**
 * Megabytes per hour beyond which a box that runs for months is in danger; a smaller value is within the garbage
 * collector's variation.
 */
const residentPerHourMax = 20

/** What may stay resident after an attack: the repeat memory of the attackers' events, and fragments. */
const keptMegabytesMax = 16

const program = new Command('npm run campaign --').description(
  'long fault campaigns; each ends with code 1 on a broken promise',
)

program
  .command('kill')
  .description('SIGKILL gateway and centre at random moments under load')
  .option('--kills <n>', 'in total, half of them the gateway', '1000')
  .option('--seed <n>', 'of the first round', String(Math.floor(Math.random() * 1e6)))
  .action(async (options: { kills: string; seed: string }) => {
    let left = Number(options.kills)
    for (let seed = Number(options.seed); left > 0; seed++) {
      const kills = Math.min(left, killsPerRound)
      left -= kills
      say(`round with seed ${seed}: ${kills} kills`)
      const result = await runKillCampaign({
        seed,
        devices: 50,
        events: kills * 100,
        gatewayKills: Math.ceil(kills / 2),
        centreKills: Math.floor(kills / 2),
        pauseMsMax: 800,
        progress: (text) => say(`  ${text}`),
      })
      say(`  ${JSON.stringify(result)}`)
      if (isBroken(result)) {
        say(`a promise is broken; again with --seed ${seed} --kills ${kills}`)
        process.exitCode = 1
        return
      }
    }
    say(
      'every acknowledged event is at the centre exactly once, in order; every red alarm is once on the desk',
    )
  })

program
  .command('senders')
  .description('SIGKILL the gateway while a broker, an HTTP caller, a recorder and a bus deliver')
  .option('--kills <n>', 'each also while the list of devices changes', '60')
  .option('--seed <n>', 'of the run', String(Math.floor(Math.random() * 1e6)))
  .action(async (options: { kills: string; seed: string }) => {
    say(`seed ${options.seed}`)
    const result = await runSenderKills({
      seed: Number(options.seed),
      kills: Number(options.kills),
      pauseMsMax: 1500,
      progress: (text) => say(`  ${text}`),
    })
    say(JSON.stringify(result))
    if (result.lost.length + result.doubled.length + result.forgotten.length > 0) process.exitCode = 1
    else say('everything that a sender was told is kept, is kept, once')
  })

program
  .command('centre-evening')
  .description(
    'SIGKILL of the centre at random moments while people answer alarms, keep the roster and add files',
  )
  .option('--kills <n>', 'in total', '200')
  .option('--seed <n>', 'of the run', String(Math.floor(Math.random() * 1e6)))
  .action(async (options: { kills: string; seed: string }) => {
    say(`seed ${options.seed}`)
    const folder = mkdtempSync(join(tmpdir(), 'gengfu-evening-'))
    try {
      const result = await runEvening({
        folder,
        seed: Number(options.seed),
        kills: Number(options.kills),
        stepsPerKill: 30,
        progress: (text) => say(`  ${text}`),
      })
      say(JSON.stringify({ ...result, lost: result.lost.length, doubled: result.doubled.length }))
      const broken = brokenOf(result)
      for (const words of broken.slice(0, 20)) say(`a promise is broken: ${words}`)
      if (broken.length > 0) process.exitCode = 1
      else say('every answered step is there once, every deadline fired once, no receipted record is missing')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

program
  .command('town-county')
  .description('SIGKILL of a town and its county, and cuts of the TLS line between them, while cases go up')
  .option('--kills <n>', 'of both together', '60')
  .option('--seed <n>', 'of the run', String(Math.floor(Math.random() * 1e6)))
  .action(async (options: { kills: string; seed: string }) => {
    say(`seed ${options.seed}`)
    const folder = mkdtempSync(join(tmpdir(), 'gengfu-county-'))
    try {
      const [seed, kills] = [Number(options.seed), Number(options.kills)]
      const result = await runTownCounty({ folder, seed, kills, progress: (text) => say(`  ${text}`) })
      say(JSON.stringify(result))
      if (result.lost.length + result.doubled.length > 0 || !result.isRedFirst) process.exitCode = 1
      else say('each case is at the county once, and red came first')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

async function killBoxes(seed: number, kills: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-box-outlets-'))
  try {
    const result = await runBoxOutletKills({ folder, seed, kills, progress: (text) => say(`  ${text}`) })
    const { lost, renamed, waiting } = result
    say(JSON.stringify({ ...result, lost: lost.length, renamed: renamed.length }))
    for (const words of [...lost, ...renamed].slice(0, 20)) say(`a promise is broken: ${words}`)
    if (lost.length + renamed.length + waiting > 0) process.exitCode = 1
    else say('every press reached every receiver of its rule; what came twice had the same id')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

program
  .command('outlets')
  .description(
    'SIGKILL of the centre while red cases leave for receivers that are slow, refuse, close and lie',
  )
  .option(
    '--at <program>',
    'centre, or box: presses of buttons that leave a village without a town',
    'centre',
  )
  .option('--kills <n>', 'in total', '100')
  .option('--seed <n>', 'of the run', String(Math.floor(Math.random() * 1e6)))
  .action(async (options: { at: string; kills: string; seed: string }) => {
    say(`seed ${options.seed}`)
    if (options.at === 'box') return killBoxes(Number(options.seed), Number(options.kills))
    const folder = mkdtempSync(join(tmpdir(), 'gengfu-outlets-'))
    try {
      const result = await runOutletKills({
        folder,
        seed: Number(options.seed),
        kills: Number(options.kills),
        progress: (text) => say(`  ${text}`),
      })
      const { lost, renamed, unfinished } = result
      say(
        JSON.stringify({
          ...result,
          lost: lost.length,
          renamed: renamed.length,
          unfinished: unfinished.length,
        }),
      )
      for (const words of [...lost, ...renamed, ...unfinished].slice(0, 20))
        say(`a promise is broken: ${words}`)
      if (lost.length + renamed.length + unfinished.length > 0) process.exitCode = 1
      else say('every case reached every receiver of its rule; what came twice had the same id')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

program
  .command('provisioning')
  .description(
    'SIGKILL at the steps of the take-over of a box, its renewal, its first start and the import of a list',
  )
  .option('--every <n>', 'kills at every n-th step', '1')
  .action(async (options: { every: string }) => {
    const result = await runProvisioningKills({ every: Number(options.every), progress: say })
    say(`${result.kills} kills: ${JSON.stringify(result.broken)}`)
    if (result.broken.length > 0 || result.kills === 0) process.exitCode = 1
  })

program
  .command('power')
  .description('power cuts that drop every write since the last sync')
  .option('--cuts <n>', 'how many', '200')
  .option('--seed <n>', 'of the run', String(Math.floor(Math.random() * 1e6)))
  .action(async (options: { cuts: string; seed: string }) => {
    say(`seed ${options.seed}`)
    const result = await runPowerCuts({
      seed: Number(options.seed),
      cuts: Number(options.cuts),
      devices: 30,
      eventsPerSecond: 150,
      progress: (text) => say(`  ${text}`),
    })
    say(JSON.stringify(result))
    if (result.lost.length + result.salvaged > 0) process.exitCode = 1
    else say('every acknowledged event was there after every cut, and the journal opened as it was')
  })

program
  .command('links')
  .description('flapping, lossy, reordering, half-open links between many boxes and their centre')
  .option('--flaps <n>', 'of all boxes together', '10000')
  .option('--boxes <n>', 'gateways at work', '20')
  .option('--seed <n>', 'of the run', String(Math.floor(Math.random() * 1e6)))
  .action(async (options: { flaps: string; boxes: string; seed: string }) => {
    const problem = await placesProblem()
    if (problem !== undefined) throw new Error(problem)
    say(`seed ${options.seed}`)
    const result = await runLinkCampaign({
      seed: Number(options.seed),
      boxes: Number(options.boxes),
      flaps: Number(options.flaps),
      progress: (text) => say(`  ${text}`),
    })
    const { boxes, ...sums } = result
    say(JSON.stringify(sums))
    for (const [id, faults] of boxes) if (isBroken(faults)) say(`${id}: ${JSON.stringify(faults)}`)
    if ([...boxes.values()].some(isBroken)) {
      say(
        `a promise is broken; again with --seed ${options.seed} --flaps ${options.flaps} --boxes ${options.boxes}`,
      )
      process.exitCode = 1
    } else
      say('every acknowledged event is at the centre exactly once, lanes complete and in order, alarms once')
  })

function isBroken(faults: VillageFaults): boolean {
  return Object.values(faults).some((found: number | string[]) => Array.isArray(found) && found.length > 0)
}

program
  .command('fuzz')
  .description('hostile clients with mutated packets, beside honest devices')
  .option('--packets <n>', 'in all', '1000000')
  .option('--seed <n>', 'of the run', String(Math.floor(Math.random() * 1e6)))
  .action(async (options: { packets: string; seed: string }) => {
    say(`seed ${options.seed}`)
    const result = await runFuzzCampaign({
      seed: Number(options.seed),
      packets: Number(options.packets),
      hostile: 20,
      honest: 50,
      calmMs: 30_000,
      progress: (text) => say(`  ${text}`),
    })
    say(JSON.stringify(result))
    const { attack, calm, attacked, residentBeforeMb, residentAfterMb } = result
    const broken = [
      ...(result.isGatewayRunning ? [] : ['the gateway ended']),
      ...(result.lost.length + result.doubled.length > 0 ? ['acknowledged events lost or doubled'] : []),
      ...(result.dropped > 0 ? ['honest devices lost their connection'] : []),
      ...(attack.errors.length > 0 ? ['connections that were not closed'] : []),
      ...(attacked.pressP99Ms > 2 * calm.pressP99Ms ? ['the p99 of a press more than doubled'] : []),
      ...(attacked.reportP99Ms > 2 * calm.reportP99Ms ? ['the p99 of a report more than doubled'] : []),
      ...(residentAfterMb > residentBeforeMb + keptMegabytesMax ? ['memory did not return'] : []),
    ]
    for (const words of broken) say(`a promise is broken: ${words}`)
    if (broken.length > 0) process.exitCode = 1
    else say('it stayed up, memory returned, the honest lost nothing and were answered in time')
  })

program
  .command('cameras')
  .description(
    'eight cameras with every fault, beside presses: what they cost an alarm, and what they leave behind',
  )
  .option('--minutes <n>', 'how long', '30')
  .option('--phase <s>', 'seconds of a phase with the cameras on or off', '15')
  .option('--seed <n>', 'of the run', String(Math.floor(Math.random() * 1e6)))
  .action(async (options: { minutes: string; phase: string; seed: string }) => {
    const [phaseS, settleS] = [Number(options.phase), 2.5]
    const groups = Math.max(1, Math.round((Number(options.minutes) * 60) / (4 * (phaseS + settleS))))
    say(`seed ${options.seed}, ${groups * 4} phases of ${phaseS} s`)
    const { comparison, ...rest } = await runCameraCampaign({
      seed: Number(options.seed),
      groups,
      phaseMs: phaseS * 1000,
      gapMs: 150,
      settleMs: settleS * 1000,
      progress: (text) => say(`  ${text}`),
    })
    say(JSON.stringify(rest))
    for (const kind of ['without', 'with'] as const) {
      const { presses, p50, p99 } = comparison[kind]
      say(`${kind} cameras: ${presses} presses, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`)
    }
    const [low, high] = comparison.differenceMs.map((ms) => ms.toFixed(1))
    say(
      `p99 with minus without: ${low} to ${high} ms (95 %); between quiet phases ${comparison.noiseMs.toFixed(1)} ms`,
    )
    const broken = [
      ...(comparison.isWithinNoise ? [] : ['an alarm is later with the cameras than without']),
      ...(rest.lost.length > 0 ? [`${rest.lost.length} presses not at the desk`] : []),
      // The cameras' own process exists as long as the box.
      ...(rest.after.children > 1 ? ['processes left behind'] : []),
      ...(rest.after.openFiles > rest.before.openFiles + 4 ? ['files left open'] : []),
      ...(rest.stray.length > 0 ? ['pictures and their documents differ'] : []),
      ...(rest.unexplained.length > 0 ? ['a failure without a plain reason'] : []),
      ...(rest.attemptsAtOnce > 1 ? ['more than one attempt at a camera at once'] : []),
      // A few minutes show nothing about memory: it is still warming up.
      ...(Number(options.minutes) >= 20 && rest.residentPerHour.all > residentPerHourMax
        ? ['memory grows']
        : []),
    ]
    for (const words of broken) say(`a promise is broken: ${words}`)
    if (broken.length > 0) process.exitCode = 1
    else say('cameras cost an alarm nothing that could be measured, and left nothing behind')
  })

/** The time of an alarm beside cameras, as a multiple of its time without. */
const besideCamerasMax = 2

program
  .command('many-cameras')
  .description(
    'as many cameras as a box may have in one zone: a picture of each for a press, and what an alarm takes',
  )
  .option('--cameras <n>', 'in one zone', '64')
  .option('--minutes <n>', 'how long', '3')
  .action(async (options: { cameras: string; minutes: string }) => {
    const cameras = Number(options.cameras)
    const result = await runManyCamerasCampaign({
      cameras,
      minutes: Number(options.minutes),
      progress: (text) => say(`  ${text}`),
    })
    say(JSON.stringify(result))
    const factor = result.with.p99 / result.without.p99
    say(
      `p99 with cameras ${result.with.p99.toFixed(1)} ms, without ${result.without.p99.toFixed(1)} ms: ${factor.toFixed(2)} x`,
    )
    const broken = [
      ...(result.atOnce < cameras * result.seriesPressed ? ['a camera has no picture of a press'] : []),
      ...(result.lost > 0 ? [`${result.lost} presses not at the desk`] : []),
      ...(factor > besideCamerasMax ? ['an alarm takes too long beside the cameras'] : []),
    ]
    for (const words of broken) say(`a promise is broken: ${words}`)
    if (broken.length > 0) process.exitCode = 1
  })

program
  .command('structure')
  .description('messages of every protocol with nodes replaced by what no honest sender writes')
  .option('--messages <n>', 'to the parts in this process', '1000000')
  .option('--minutes <n>', 'further messages to the built programs, beside honest devices and boxes', '4')
  .option('--seed <n>', 'of the run', String(Math.floor(Math.random() * 1e6)))
  .action(async (options: { messages: string; minutes: string; seed: string }) => {
    say(`seed ${options.seed}`)
    const [seed, progress] = [Number(options.seed), (text: string) => say(`  ${text}`)]
    const parts =
      Number(options.messages) > 0
        ? await runStructureCampaign({ seed, messages: Number(options.messages), progress })
        : { faults: [], messages: 0 }
    const minutes = Number(options.minutes)
    const town = minutes > 0 ? await runStructureTown({ seed, minutes, progress }) : undefined
    for (const line of town ? waitLines(town.calm, town.attacked) : []) say(`  ${line}`)
    say(`${parts.messages + (town?.messages ?? 0)} messages`)
    const faults = [...parts.faults, ...(town?.faults ?? [])]
    for (const words of faults) say(`a promise is broken: ${words}`)
    if (faults.length > 0) process.exitCode = 1
    else
      say(
        'nothing ended, nothing threw, no commit, list or start was spoilt; the honest lost nothing and were answered in time',
      )
  })

program
  .command('damage')
  .description('a spoilt place anywhere in the data folder of a box: it opens, and what can be read is there')
  .option('--seeds <n>', 'damages', '1000')
  .option('--first <n>', 'first seed', '1')
  .action(async (options: { seeds: string; first: string }) => {
    const faults = await runDamageCampaign({
      seeds: Number(options.seeds),
      first: Number(options.first),
      progress: say,
    })
    for (const words of faults) say(`a promise is broken: ${words}`)
    if (faults.length > 0) process.exitCode = 1
    else say('it opened each time and took a press; what could be read is there, and the rest is reported')
  })

/** The watchdog's promise. */
const frozenSecondsMax = 60

program
  .command('watchdog')
  .description(
    'freezes the event loop, the thread and the uplink of a box: each comes back, and nothing is lost',
  )
  .action(async () => {
    const { backS, watchdogS, faults } = await runWatchdogCampaign(say)
    say(JSON.stringify({ watchdogS, backS, faults }))
    const isLate = Object.values(backS).some((seconds) => seconds > frozenSecondsMax)
    if (isLate || isBroken(faults)) {
      say(`a promise is broken: back within ${frozenSecondsMax} s, nothing lost`)
      process.exitCode = 1
    } else say('it was back in time, and every acknowledged event is at the centre exactly once')
  })

program
  .command('images')
  .description(
    'builds the images with buildah and runs the compose files: a press at the box has to be on each desk',
  )
  .option('--packages <folder>', 'output of npm run package', 'packages')
  .option('--base <folder>', 'where the Debian root is kept for the next time', '/var/tmp/gengfu-base')
  .option('--only <word>', 'demo, town or county: without it all of them')
  .action(async ({ packages, base, only }: { packages: string; base: string; only?: string }) => {
    await runImagesCampaign({ release: releaseTree(packages), base, only, say })
    say('every compose file brought its press to every desk')
  })

program
  .command('packages')
  .description(
    'a box and a centre from packages on two machines with systemd: updates, broken ones too, power cuts, removal, under load',
  )
  .option('--packages <folder>', 'output of npm run package', 'packages')
  .option('--base <folder>', 'where the Debian root is kept for the next time', '/var/tmp/gengfu-base')
  .option('--cuts <n>', 'power cuts during updates', '3')
  .option('--seed <n>', 'of the run', String(Math.floor(Math.random() * 1e6)))
  .action(async (options: { packages: string; base: string; cuts: string; seed: string }) => {
    say(`seed ${options.seed}`)
    const { faults, broken, tookS } = await runPackagesCampaign({
      tree: releaseTree(options.packages),
      base: options.base,
      powerCuts: Number(options.cuts),
      seed: Number(options.seed),
      say,
    })
    say(JSON.stringify({ tookS, faults }))
    for (const words of broken) say(`a promise is broken: ${words}`)
    if (broken.length > 0 || isBroken(faults)) process.exitCode = 1
    else say('every version that was to run runs, and every acknowledged event is at the centre exactly once')
  })

program
  .command('arm64')
  .description('the package for arm64 under qemu: its Node, SQLite, commands, and a box that takes a press')
  .option('--packages <folder>', 'output of npm run package', 'packages')
  .action(async ({ packages }: { packages: string }) => {
    say(JSON.stringify(await runArm64Campaign(packages, say)))
    say('it runs, and what it acknowledged is there after a restart')
  })

program
  .command('prometheus')
  .description(
    'a real Prometheus scrapes box and centre, and evaluates every rule and every panel of the dashboards',
  )
  .action(async () => {
    const { faults, ...counts } = await runPrometheusCampaign(say)
    say(JSON.stringify(counts))
    for (const words of faults) say(`a promise is broken: ${words}`)
    if (faults.length > 0) process.exitCode = 1
    else say('every rule is evaluated, and every panel is answered')
  })

program
  .command('year')
  .description(
    'a year of records in virtual time: neither the journal of a box nor the centre grows past its bound',
  )
  .option('--devices <n>', 'each reports every five minutes', '10')
  .option('--keep <n>', 'journal.keepReceipted of the box', '200000')
  .option('--routine-days <n>', 'retention.routineDays of the centre', '90')
  .action(async (options: { devices: string; keep: string; routineDays: string }) => {
    const { faults, ...sizes } = await runYearCampaign({
      devices: Number(options.devices),
      keepReceipted: Number(options.keep),
      routineDays: Number(options.routineDays),
      say,
    })
    say(JSON.stringify(sizes))
    for (const words of faults) say(`a promise is broken: ${words}`)
    if (faults.length > 0) process.exitCode = 1
    else say('after their bounds were reached, neither grew')
  })

addSimulate(program, say)
addCounty(program, say)

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

await program.parseAsync()
