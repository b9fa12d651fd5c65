// `npm run campaign -- damage`: for each seed one damaged place anywhere in the data folder of a box. The box opens and
// takes a press, readable data is still there, and the rest is reported.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { CentreChanges } from '../../../gateway/config/centre-changes.ts'
import { createSeededRandom } from '../../../protocols/kit/random.ts'
import { sendEvents } from '../../kits/system/box-in-process.ts'
import { spoil, type Damage } from './spoil.ts'
import { alarmsOf, liveInVillage, recordsOf, startVillage } from './village-life.ts'

/** A row in its short form takes at least this many bytes. */
const shortestRowBytes = 60
/** A damage touches this many rows more than its bytes fill: those at its ends, and one across two pages. */
const rowsAround = 3

export interface DamageOptions {
  seeds: number
  first: number
  progress: (text: string) => void
}

interface Before {
  records: Set<string>
  alarms: Set<string>
}

/** Returns each broken promise with its seed. */
export async function runDamageCampaign({ seeds, first, progress }: DamageOptions): Promise<string[]> {
  const base = mkdtempSync(join(tmpdir(), 'gengfu-damage-life-'))
  const faults: string[] = []
  let lost = 0
  let reported = 0
  try {
    await liveInVillage(base)
    const before = await lookAt(base)
    progress(
      `${before.records.size} records without a Receipt and ${before.alarms.size} alarms before the damage`,
    )
    for (let seed = first; seed < first + seeds; seed++) {
      const outcome = await runCase(base, before, seed)
      faults.push(...outcome.faults)
      lost += outcome.lost
      if (outcome.isReported) reported++
      if (faults.length > 40) break
      if ((seed - first + 1) % 100 === 0) progress(`${seed - first + 1} damages: ${lost} records lost`)
    }
  } finally {
    rmSync(base, { recursive: true, force: true })
  }
  progress(
    `${seeds} damages, ${reported} of them reported; ${lost} records in all could not be read any more`,
  )
  return faults
}

/**
 * The content of an untouched copy. A difference between two starts was written by the start, under numbers that leap
 * by chance.
 */
async function lookAt(base: string): Promise<Before> {
  const [one, other] = [await lookOnce(base), await lookOnce(base)]
  return { records: new Set([...one.records].filter((id) => other.records.has(id))), alarms: one.alarms }
}

async function lookOnce(base: string): Promise<Before> {
  return inCopy(base, async (folder) => {
    const { gateway, journal } = await startVillage(folder, false)
    const before = { records: await recordsOf(journal), alarms: await alarmsOf(journal) }
    await gateway.stop()
    return before
  })
}

async function inCopy<T>(base: string, run: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-damage-case-'))
  try {
    cpSync(base, folder, { recursive: true })
    return await run(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Outcome {
  faults: string[]
  lost: number
  isReported: boolean
}

function runCase(base: string, before: Before, seed: number): Promise<Outcome> {
  return inCopy(base, async (folder) => {
    const damage = spoil(join(folder, 'box'), createSeededRandom(seed), seed)
    const fail = (words: string): Outcome => ({
      faults: [`seed ${seed}: ${words}; ${damage.what}`],
      lost: 0,
      isReported: false,
    })
    try {
      const config = openConfig(folder)
      if (!config) return fail('the configuration of the centre keeps the box from starting')
      return await openDamaged(folder, before, damage, fail)
    } catch (error) {
      return fail(error instanceof Error ? (error.stack ?? error.message) : 'thrown')
    }
  })
}

function openConfig(folder: string): boolean {
  const file = join(folder, 'gateway.yaml')
  const config = {
    box: { id: 'upper-brook' },
    dataDir: join(folder, 'box'),
    mqtt: { listeners: [{ host: '127.0.0.1', port: 0 }], anonymous: true },
    zones: [{ id: 'home' }, { id: 'shop' }, { id: 'creek' }],
  }
  writeFileSync(file, stringify(config))
  return CentreChanges.open(file).ok
}

async function openDamaged(
  folder: string,
  before: Before,
  damage: Damage,
  fail: (words: string) => Outcome,
): Promise<Outcome> {
  const isOfCameras = /^(cameras|pictures)/.test(damage.file)
  const { gateway, mqttUrl, journal } = await startVillage(folder, isOfCameras)
  try {
    await sendEvents(mqttUrl, 'button-1', [{ id: '9-1', button: 'pressed' }])
    const records = await recordsOf(journal)
    const alarms = await alarmsOf(journal)
    const quarantine = await journal.readQuarantine(1000)
    const facts = journal.facts()
    const isReported =
      facts.salvaged !== undefined ||
      facts.spoilt > 0 ||
      quarantine.some(({ topic }) => topic.startsWith('journal/'))
    const lost = [...before.records].filter((one) => !records.has(one)).length
    const lostAlarms = [...before.alarms].filter((one) => !alarms.has(one))
    const rowsMax = Math.ceil(damage.bytes / shortestRowBytes) + rowsAround
    if (lost > rowsMax) return fail(`${lost} records are lost, ${rowsMax} at most may be`)
    if (lost > 0 && !isReported) return fail(`${lost} records are lost and nothing says so`)
    if (lostAlarms.length > 0 && !isReported) return fail(`lost without a word: ${lostAlarms.join(', ')}`)
    if (lostAlarms.length > rowsMax) return fail(`lost: ${lostAlarms.join(', ')}`)
    return { faults: [], lost, isReported }
  } finally {
    await gateway.stop()
  }
}
