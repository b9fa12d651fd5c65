// Does every record reach the centre exactly once, red first, whatever the link does?
import { afterEach, describe, expect, it } from 'vitest'
import { createSeededRandom } from '../../../protocols/kit/random.ts'
import { createFakeCentre, type FakeCentre } from '../../kits/system/uplink-fake-centre.ts'
import {
  boxId,
  createUplinkUnderTest,
  eventBodies,
  eventBody,
  type UplinkUnderTest,
  until,
  upTo,
} from '../../kits/system/uplink-kit.ts'

let centre: FakeCentre | undefined
let test: UplinkUnderTest | undefined

afterEach(async () => {
  await test?.uplink.stop()
  await centre?.close()
})

async function start(knobs: Parameters<typeof createFakeCentre>[1] = {}, settings: object = {}) {
  centre = await createFakeCentre(createSeededRandom(11), knobs)
  test = createUplinkUnderTest({ url: `mqtt://127.0.0.1:${centre.port}`, ...settings })
  return { centre, ...test }
}

describe('uplink', () => {
  it('drains a backlog of every lane, red before everything else, and settles it', async () => {
    const { centre: town, outbox, uplink } = await start()
    outbox.commit('routine', ...eventBodies(1, 5000))
    outbox.commit('yellow', ...eventBodies(5001, 5003))
    outbox.commit('red', eventBody(5004))
    uplink.start()
    await until(() => outbox.positions().routine.receipted === 5000)
    expect(town.stored[0]).toMatchObject({ lane: 'red', number: 1 })
    expect(town.stored.slice(1, 4).map(({ lane }) => lane)).toEqual(['yellow', 'yellow', 'yellow'])
    expect(town.numbers('routine')).toEqual(upTo(5000))
    expect(outbox.positions()).toMatchObject({
      red: { last: 1, receipted: 1 },
      yellow: { last: 3, receipted: 3 },
    })
    expect(town.repeats).toBe(0)
  })

  for (const chance of [0, 0.1, 0.9]) {
    it(`delivers every record once when ${chance * 100} % of Reports, Receipts and connections fail`, async () => {
      const knobs = {
        loseReports: chance / 3,
        loseReceipts: chance / 3,
        cut: chance / 3,
        delayMs: chance * 30,
      }
      const {
        centre: town,
        outbox,
        uplink,
      } = await start(knobs, { retrySecondsMax: 0.1, deafSeconds: 0.5, resendSeconds: 0.05 })
      uplink.start()
      for (let i = 0; i < 20; i++) {
        outbox.commit('routine', ...eventBodies(i * 30 + 1, i * 30 + 29))
        outbox.commit('red', eventBody(i * 30 + 30))
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      await until(
        () => outbox.positions().routine.receipted === 580 && outbox.positions().red.receipted === 20,
        60_000,
      )
      expect(town.numbers('routine').toSorted((a, b) => a - b)).toEqual(upTo(580))
      expect(town.numbers('red').toSorted((a, b) => a - b)).toEqual(upTo(20))
    }, 70_000)
  }

  it('sends a fresh red record without reading the journal', async () => {
    const { centre: town, outbox, uplink, links } = await start()
    uplink.start()
    await until(() => links.at(-1)?.state === 'up')
    outbox.commit('red', eventBody(1))
    await until(() => outbox.positions().red.receipted === 1)
    expect(town.stored).toHaveLength(1)
    expect(outbox.reads).toEqual([])
  })

  it('tells the centre which numbers the journal no longer has', async () => {
    const { centre: town, outbox, uplink, metrics } = await start()
    outbox.commit('routine', ...eventBodies(1, 300))
    outbox.evict('routine', 1, 100)
    outbox.evict('routine', 201, 210)
    uplink.start()
    await until(() => outbox.positions().routine.receipted === 300)
    const skipped = town.stored.filter(({ body }) => body === 'skipped').map(({ number }) => number)
    expect(skipped).toEqual([...upTo(100), 201, 202, 203, 204, 205, 206, 207, 208, 209, 210])
    expect(await metrics.metrics()).toContain('gengfu_uplink_skipped_records_total{lane="routine"} 110')
  })

  it('sends a heartbeat at once and then every period', async () => {
    const { centre: town, uplink } = await start({}, { heartbeatSeconds: 1 })
    uplink.start()
    await until(() => town.heartbeats.length >= 3)
    expect(town.heartbeats[0]).toMatchObject({
      name: '上溪村',
      boot: 3,
      lanes: { red: { last: 0, receipted: 0 } },
    })
  })

  it('hands stages and the time of the centre on, and survives messages it can not read', async () => {
    const { centre: town, uplink, links, stages, outbox, centreTimes } = await start()
    uplink.start()
    await until(() => links.at(-1)?.state === 'up')
    outbox.commit('red', eventBody(1))
    await until(() => centreTimes.length > 0)
    town.publish(boxId, 'stage', { nonsense: true })
    town.publish(boxId, 'receipt', { v: 1, lanes: 'many' })
    const notice = { v: 1, alarm: 'a-1', stage: 'accepted', by: 'Wang', atMs: 5 }
    town.publish(boxId, 'stage', notice)
    await until(() => stages.length === 1)
    expect(stages).toEqual([notice])
  })

  it('refuses a Receipt above the written numbers, and one of another epoch', async () => {
    const { centre: town, uplink, links, outbox, metrics } = await start({ isDeaf: true })
    uplink.start()
    await until(() => links.at(-1)?.state === 'up')
    outbox.commit('red', eventBody(1))
    await until(() => town.stored.length === 1)
    const lanes = { red: { storedTo: 2, missing: [] } }
    town.publish(boxId, 'receipt', { v: 1, epoch: outbox.epoch, lanes, centreTimeMs: 1 })
    const one = { red: { storedTo: 1, missing: [] } }
    town.publish(boxId, 'receipt', { v: 1, epoch: 'otherepoch', lanes: one, centreTimeMs: 1 })
    town.publish(boxId, 'stage', { v: 1, alarm: 'a-1', stage: 'seen', atMs: 5 })
    await until(() => test?.stages.length === 1)
    expect(outbox.positions().red.receipted).toBe(0)
    const text = await metrics.metrics()
    expect(text).toContain('gengfu_uplink_refused_receipts_total{reason="above what was written"} 1')
    expect(text).toContain('gengfu_uplink_refused_receipts_total{reason="other epoch"} 1')
  })
})
