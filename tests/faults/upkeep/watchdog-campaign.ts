// Is a box whose event loop, thread or uplink is frozen back within a minute and with nothing lost? The real program and the unit's own
// times; a small supervisor does what systemd does.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AlarmButton } from '../../../firmware-sim/devices/alarm-button.ts'
import { createVillage, type Village } from '../../../firmware-sim/village/village.ts'
import { createTown, freePort, type Program, type TestTown } from '../../kits/system/programs.ts'
import { compareVillage, type VillageFaults } from '../compare-village.ts'

export interface WatchdogResult {
  /** Seconds from the freeze to the next acknowledged event; of the uplink, to the next link. */
  backS: Record<'loop' | 'thread' | 'uplink', number>
  watchdogS: number
  faults: VillageFaults
}

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const waitMsMax = 180_000

export async function runWatchdogCampaign(say: (text: string) => void): Promise<WatchdogResult> {
  const unit = readFileSync(path('../../../deploy/box/gengfu-gateway.service'), 'utf8')
  const watchdogS = Number.parseInt(/^WatchdogSec=(\d+)$/m.exec(unit)?.[1] ?? '', 10)
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-watchdog-'))
  const password = join(folder, 'uplink-password')
  writeFileSync(password, 'secret')
  const uplinkPort = await freePort()
  const boxes = join(folder, 'boxes')
  writeFileSync(boxes, '320612104201-1:secret\n', { mode: 0o600 })
  const town = await createTown(
    { uplink: { url: `mqtt://127.0.0.1:${uplinkPort}`, passwordFile: password, retrySecondsMax: 1 } },
    { uplink: { listeners: [{ host: '127.0.0.1', port: uplinkPort }], passwordFile: boxes } },
  )
  const village = createVillage({
    seed: 1,
    devices: 10,
    url: `mqtt://127.0.0.1:${town.ports.mqtt}`,
    reportIntervalMs: 0,
    queueEventsMax: 10_000,
    // Frozen programs keep their connections: a device gives up on one after this.
    backOff: { firstMs: 100, maxMs: 1000 },
  })
  const presses = setInterval(() => {
    for (const member of village.members)
      if (member instanceof AlarmButton) member.press()
      else member.device.report()
  }, 1000)
  try {
    const centre = await town.startCentre()
    await town.token()
    const supervisor = [
      'env',
      `GENGFU_FREEZE=${folder}`,
      `NODE_OPTIONS=--import=${path('../../kits/system/freeze.mjs')}`,
      'python3',
      path('../../kits/system/supervisor.py'),
      join(folder, 'notify'),
      String(watchdogS),
    ]
    const program = await town.startGateway(supervisor)
    village.start()
    const backS = { loop: 0, thread: 0, uplink: 0 }
    for (const what of ['loop', 'thread'] as const) {
      await sleep(12_000)
      backS[what] = await freeze(what, folder, program, village)
      say(`${what}: acknowledges again after ${backS[what].toFixed(1)} s`)
    }
    await sleep(12_000)
    backS.uplink = await freezeUplink(folder, program, town, centre)
    say(`uplink: linked again after ${backS.uplink.toFixed(1)} s`)
    clearInterval(presses)
    await drained(town, village)
    return { backS, watchdogS, faults: await compareVillage(town, town.boxId, village) }
  } finally {
    clearInterval(presses)
    village.stop()
    await town.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function freeze(what: string, folder: string, program: Program, village: Village): Promise<number> {
  const ends = (): number => program.log.filter(({ msg }) => msg === 'the watchdog ended the program').length
  const before = ends()
  const startedMs = performance.now()
  writeFileSync(join(folder, what), '')
  await until(() => ends() > before, `the watchdog did not end a box whose ${what} is frozen`)
  const { acked } = village.statistics()
  await until(() => village.statistics().acked > acked, 'nothing is acknowledged after the restart')
  return (performance.now() - startedMs) / 1000
}

/** A link that ended brings the next attempt to connect, which freezes. */
async function freezeUplink(
  folder: string,
  program: Program,
  town: TestTown,
  centre: Program,
): Promise<number> {
  const times = (msg: string): number => program.log.filter((line) => line.msg === msg).length
  const file = join(folder, 'uplink')
  writeFileSync(file, '')
  await centre.end('SIGKILL')
  await town.startCentre()
  await until(() => !existsSync(file), 'the uplink made no attempt to connect')
  const startedMs = performance.now()
  const before = times('the link to the centre is up')
  await until(() => times('the link to the centre is up') > before, 'the uplink did not come back')
  return (performance.now() - startedMs) / 1000
}

async function drained(town: TestTown, village: Village): Promise<void> {
  const health = async (): Promise<boolean> => {
    const answer = await fetch(`http://127.0.0.1:${town.ports.console}/api/v1/health`).catch(() => undefined)
    if (!answer?.ok) return false
    const { lanes } = (await answer.json()) as { lanes: Record<string, { last: number; receipted: number }> }
    return Object.values(lanes).every(({ last, receipted }) => last === receipted)
  }
  await until(
    async () => village.statistics().waiting === 0 && (await health()),
    'the village was not drained',
  )
}

async function until(isSo: () => boolean | Promise<boolean>, words: string): Promise<void> {
  for (let leftMs = waitMsMax; leftMs > 0; leftMs -= 200) {
    if (await isSo()) return
    await sleep(200)
  }
  throw new Error(words)
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
