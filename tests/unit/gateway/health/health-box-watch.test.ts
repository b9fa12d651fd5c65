// The box's own faults: reported until they are stored, certificates checked only when the date is known.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BoxFact } from '../../../../gateway/alarms/port.ts'
import { BoxFacts } from '../../../../gateway/health/box-facts.ts'
import { BoxWatch } from '../../../../gateway/health/box-watch.ts'
import type { Journal } from '../../../../gateway/journal/port.ts'
import type { BoxTime, ClockQuality } from '../../../../protocols/domain/event.ts'
import { createSystemClock } from '../../../../protocols/kit/clock.ts'

let folder: string

function certificateArguments(name: string, days: number): string[] {
  const files = `-keyout ${join(folder, name)}.key -out ${join(folder, name)}.crt`
  const key = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
  return `req -x509 ${key} -subj /CN=box -days ${days} ${files}`.split(' ')
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-watch-'))
  for (const [name, days] of [
    ['soon', 10],
    ['later', 90],
  ] as const)
    execFileSync('openssl', certificateArguments(name, days), { stdio: 'ignore' })
})
afterAll(() => rmSync(folder, { recursive: true }))

function watchOf(
  facts: BoxFacts,
  names: string[],
  time: Partial<BoxTime & { steadyMs: number }>,
  journalFacts = {},
  metrics = new Registry(),
) {
  return new BoxWatch({
    facts,
    journal: {
      facts: () => ({ spoilt: 0, space: { state: 'sound', dropped: 0 }, ...journalFacts }),
    } as unknown as Journal,
    now: () => ({
      boot: 1,
      sinceBootMs: 1,
      steadyMs: 1,
      atMs: createSystemClock().wallMs(),
      clock: 'synced',
      ...time,
    }),
    certificateFiles: names.map((name) => join(folder, `${name}.crt`)),
    metrics,
    logger: pino({ level: 'silent' }),
  })
}

async function seen(
  names: string[],
  clock: ClockQuality,
  journalFacts: object = {},
  metrics = new Registry(),
): Promise<BoxFact[]> {
  const facts = new BoxFacts()
  watchOf(facts, names, { clock }, journalFacts, metrics).look()
  const told: BoxFact[] = []
  await facts.tell((fact) => {
    told.push(fact)
    return Promise.resolve()
  })
  return told.filter(({ isPresent }) => isPresent)
}

describe('the watch over the box', () => {
  it('tells a certificate that ends within thirty days, with the days left', async () => {
    expect(await seen(['later', 'soon'], 'synced')).toMatchObject([
      { kind: 'certificate-expires', facts: { days: 9, file: 'soon.crt', holder: 'box' } },
    ])
  })

  it('looks at every certificate of a file, and shows each end in the metrics', async () => {
    const chain = ['later', 'soon'].map((name) => readFileSync(join(folder, `${name}.crt`), 'utf8')).join('')
    writeFileSync(join(folder, 'chain.crt'), chain)
    const metrics = new Registry()
    expect(await seen(['chain'], 'synced', {}, metrics)).toMatchObject([{ facts: { days: 9 } }])
    const { values = [] } =
      (await metrics.getSingleMetric('gengfu_certificate_ends_timestamp_seconds')?.get()) ?? {}
    expect(values.map(({ labels }) => labels)).toContainEqual({
      file: join(folder, 'chain.crt'),
      holder: 'box',
    })
  })

  it('ends the warning within a minute after the file was renewed', async () => {
    const time = { steadyMs: 1 }
    const facts = new BoxFacts()
    const told: boolean[] = []
    copyFileSync(join(folder, 'soon.crt'), join(folder, 'used.crt'))
    const watch = watchOf(facts, ['used'], time)
    const look = async (): Promise<void> => {
      watch.look()
      await facts.tell(({ kind, isPresent }) => {
        if (kind === 'certificate-expires') told.push(isPresent)
        return Promise.resolve()
      })
    }
    await look()
    copyFileSync(join(folder, 'later.crt'), join(folder, 'used.crt'))
    time.steadyMs += 60_000
    await look()
    expect(told).toEqual([true, false])
  })

  it('tells nothing of certificates that last, or while the date is unknown', async () => {
    expect(await seen(['later'], 'synced')).toEqual([])
    expect((await seen(['soon'], 'unsynced')).map(({ kind }) => kind)).toEqual(['clock-unsynced'])
  })

  it('tells a salvaged journal with the count', async () => {
    const told = await seen([], 'synced', { salvaged: { records: 7, from: 'damaged-1', reason: 'torn' } })
    expect(told).toMatchObject([{ kind: 'journal-damaged', facts: { salvaged: 7, folder: 'damaged-1' } }])
  })

  it('tells the room that runs out, with what was dropped', async () => {
    const told = await seen([], 'synced', { space: { state: 'dropping', dropped: 12 } })
    expect(told).toMatchObject([{ kind: 'box-disk-full' }, { kind: 'box-dropping', facts: { dropped: 12 } }])
  })

  it('tells again what could not be kept, and only once what was', async () => {
    const facts = new BoxFacts()
    facts.set('box-dropping', true)
    await expect(facts.tell(() => Promise.reject(new Error('no room')))).rejects.toThrow('no room')
    const told: string[] = []
    const keep = (fact: BoxFact): Promise<void> => {
      told.push(fact.kind)
      return Promise.resolve()
    }
    await facts.tell(keep)
    await facts.tell(keep)
    expect(told).toEqual(['box-dropping'])
  })
})
