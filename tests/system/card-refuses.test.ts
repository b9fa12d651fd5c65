// Question: while the card of a box refuses every write, does a press reach the desk, once, with a case, and is it the
// same alarm when the card takes writes again?
import { connect, type MqttClient } from 'mqtt'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { JournalError, type Journal, type JournalEntry } from '../../gateway/journal/port.ts'
import type { AlarmsAnswer, DeskAlarm } from '../../protocols/desk/api.ts'
import {
  dropFolder,
  makeFolder,
  startCentre,
  until,
  type CentreUnderTest,
} from '../contract/centre/centre-parts.ts'
import {
  createBoxFolder,
  startBox,
  type BoxFolder,
  type BoxInProcess,
} from '../kits/system/box-in-process.ts'

let centreFolder: string
let boxFolder: BoxFolder
let centre: CentreUnderTest
let box: BoxInProcess
let token: string
let device: MqttClient
let isRefusing = false

/** A card whose commits fail as on a read-only file system; existing data can be read. */
function refusing(journal: Journal): Journal {
  const listeners: ((error: JournalError) => void)[] = []
  const refusal = (): JournalError => {
    const error = new JournalError('SQLITE_READONLY', 'attempt to write a readonly database')
    for (const listener of listeners) listener(error)
    return error
  }
  return new Proxy(journal, {
    get: (target, name) => {
      if (name === 'onRefused')
        return (listener: (error: JournalError) => void) => void listeners.push(listener)
      if (name === 'append')
        return (entry: JournalEntry) => (isRefusing ? Promise.reject(refusal()) : target.append(entry))
      if (name === 'put')
        return (...[entry, told]: Parameters<Journal['put']>) =>
          isRefusing ? told.refused(refusal()) : target.put(entry, told)
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

beforeEach(async () => {
  isRefusing = false
  centreFolder = makeFolder()
  boxFolder = createBoxFolder()
  centre = await startCentre(centreFolder)
  token = centre.token('operator')
  const config = {
    devices: [{ id: 'button-1', kind: 'button' }],
    uplink: { url: centre.centre.uplinkUrls[0], retrySecondsMax: 1 },
  }
  box = await startBox(boxFolder.folder, config, { wrapJournal: refusing })
  device = connect(box.mqttUrl, { clientId: 'button-1', reconnectPeriod: 20 })
})
afterEach(async () => {
  await device.endAsync(true)
  await box.gateway.stop()
  await centre.centre.stop()
  dropFolder(centreFolder)
  boxFolder.remove()
})

const desk = async (kind: DeskAlarm['kind']): Promise<DeskAlarm[]> => {
  const answer = (await (await centre.get('/api/v1/alarms?state=all', token)).json()) as AlarmsAnswer
  return answer.alarms.filter((alarm) => alarm.kind === kind)
}

/** The device keeps its press until it has a PUBACK, and sends it at every connection. */
function press(id: string): { isKept: boolean } {
  const pressed = { isKept: false }
  device.publish(
    'gengfu/v1/button-1/event',
    JSON.stringify({ id, button: 'pressed' }),
    { qos: 1 },
    (error) => {
      pressed.isKept = !error
    },
  )
  return pressed
}

it('shows the call as not kept, opens its case, and knows the record that comes later for the same call', async () => {
  isRefusing = true
  const pressed = press('1-1')
  const [call] = await until(async () => {
    const calls = await desk('sos')
    return calls.length > 0 && calls
  })
  expect(call).toMatchObject({
    colour: 'red',
    device: 'button-1',
    isKept: false,
    occurrences: 1,
    stage: 'centre',
  })
  const notKeeping = await until(async () =>
    (await desk('box-not-keeping')).find(({ state }) => state === 'unacknowledged'),
  )
  expect(notKeeping).toMatchObject({ colour: 'orange', device: 'upper-brook' })
  const { cases } = (await (await centre.get('/api/v1/cases', token)).json()) as {
    cases: { colour: string; device?: string }[]
  }
  expect(cases.filter(({ colour }) => colour === 'red')).toHaveLength(1)
  expect(pressed.isKept).toBe(false)

  // It comes repeatedly while the card refuses: still one alarm.
  for (let times = 0; times < 3; times++) {
    await until(() => device.connected)
    device.stream.destroy()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  expect(await desk('sos')).toHaveLength(1)

  isRefusing = false
  await until(() => pressed.isKept)
  await until(async () => (await desk('sos')).every(({ isKept }) => isKept === undefined))
  expect(await desk('sos')).toMatchObject([{ id: call?.id, occurrences: 1, state: 'unacknowledged' }])
  await until(async () => (await desk('box-not-keeping')).every(({ state }) => state === 'normal'))
}, 60_000)
