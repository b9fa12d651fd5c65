// Question: does the town stop on request without losing an acknowledged event, refuse a second program on its data,
// and send the button the stage of the answer?
import { connect, type MqttClient } from 'mqtt'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createVillage, type Village } from '../../../firmware-sim/village/village.ts'
import { createTown, Program, type TestTown } from '../../kits/system/programs.ts'
import { act, allReceipted, deskRows, storedEventIds, until } from '../../kits/system/town-steps.ts'

const button = 'button-1'

let town: TestTown
let village: Village | undefined
let client: MqttClient | undefined

beforeEach(async () => {
  town = await createTown({ devices: [{ id: button, kind: 'button' }] })
})
afterEach(async () => {
  village?.stop()
  client?.end(true)
  await town.close()
})

const acknowledged = (from: Village): string[] =>
  from.inhabitants.flatMap(({ id }) => from.ackedIds(id).map((messageId) => `${id} ${messageId}`))

async function startLoad(): Promise<Village> {
  const made = createVillage({
    seed: 5,
    devices: 40,
    url: `mqtt://127.0.0.1:${town.ports.mqtt}`,
    reportIntervalMs: 0,
    backOff: { firstMs: 50, maxMs: 200 },
  })
  village = made
  made.start()
  await until(() => made.statistics().connected === 40)
  made.saturate(2)
  await until(() => made.statistics().acked > 500)
  return made
}

describe('SIGTERM under load', () => {
  // A program that could not flush in time ends with 1: its own deadline is below the five seconds.
  it('ends both programs cleanly, and every acknowledged event is at the centre after the next start', async () => {
    const centre = await town.startCentre()
    const gateway = await town.startGateway()
    const load = await startLoad()

    expect(await centre.end('SIGTERM')).toEqual({ code: 0, signal: null })
    const atCentreStop = load.statistics().acked
    await until(() => load.statistics().acked > atCentreStop + 200)
    expect(await gateway.end('SIGTERM')).toEqual({ code: 0, signal: null })
    load.stop()
    const promised = acknowledged(load)
    expect(promised.length).toBeGreaterThan(700)

    await town.startCentre()
    await town.startGateway()
    await allReceipted(town)
    const stored = await storedEventIds(town)
    const known = new Set(stored)
    expect(promised.filter((id) => !known.has(id))).toEqual([])
    expect(stored.length).toBe(known.size)
  }, 80_000)

  it('ends a gateway cleanly that has never found its centre', async () => {
    const gateway = await town.startGateway()
    await startLoad()
    expect(await gateway.end('SIGTERM')).toEqual({ code: 0, signal: null })
  })
})

describe('a second program on the same data', () => {
  it('is refused by the gateway in words, naming the process that has it, while the first goes on', async () => {
    const first = await town.startGateway()
    const second = new Program(['gateway', '--config', town.gatewayFile])
    expect((await second.exited).code).toBe(1)
    expect(second.errors.join('\n')).toMatch(
      new RegExp(`another gateway \\(process ${first.pid}\\) already uses .*dataDir`),
    )
    expect(first.isRunning).toBe(true)
    client = connect(`mqtt://127.0.0.1:${town.ports.mqtt}`, { clientId: 'door-1' })
    await client.publishAsync('gengfu/v1/door-1/event', '{"id":"1-1","contact":"open"}', { qos: 1 })
  })

  it('is refused by the centre in words, naming the process that has it, while the first goes on', async () => {
    const first = await town.startCentre()
    const second = new Program(['centre', '--config', town.centreFile])
    expect((await second.exited).code).toBe(2)
    expect(second.errors.join('\n')).toMatch(
      new RegExp(`in use by another centre, process ${first.pid}: .*dataDir`),
    )
    expect(first.isRunning).toBe(true)
    expect(await deskRows(town)).toEqual([])
  })

  it('is admitted once the first was killed, because the system releases the lock', async () => {
    const [centre, gateway] = [await town.startCentre(), await town.startGateway()]
    await Promise.all([centre.end('SIGKILL'), gateway.end('SIGKILL')])
    const next = [await town.startCentre(), await town.startGateway()]
    expect(next.every(({ isRunning }) => isRunning)).toBe(true)
  })
})

describe('the lamp on the button', () => {
  it('gets stored, centre, seen and accepted for its own press, in this order', async () => {
    await town.startCentre()
    await town.startGateway()
    const told: unknown[] = []
    client = connect(`mqtt://127.0.0.1:${town.ports.mqtt}`, { clientId: button })
    client.on('message', (_topic, payload) => told.push(JSON.parse(payload.toString())))
    await client.subscribeAsync(`gengfu/v1/${button}/receipt`, { qos: 1 })
    await client.publishAsync(`gengfu/v1/${button}/event`, '{"id":"7-42","button":"pressed"}', { qos: 1 })
    await until(() => told.length === 2)

    const [row] = await deskRows(town)
    expect(row).toMatchObject({ device: button, colour: 'red', stage: 'centre' })
    await act(town, row?.id ?? '', 'seen')
    await until(() => told.length === 3)
    await act(town, row?.id ?? '', 'accept')
    await until(() => told.length === 4)
    expect(told).toEqual(['stored', 'centre', 'seen', 'accepted'].map((stage) => ({ id: '7-42', stage })))
    // The box also knows that people accepted it: its own record contains it.
    await until(async () => (await deskRows(town))[0]?.state === 'acknowledged')
  })
})
