// Question: when a box starts on a card that is read-only already, does a press reach the siren and the desk, is the desk
// told that nothing is stored, and does the box store again by itself once the card takes writes?
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type MqttClient } from 'mqtt'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createTown, type Program, type TestTown } from '../kits/system/programs.ts'
import { allReceipted, deskRows, storedEventIds, until } from '../kits/system/town-steps.ts'

const devices = [
  { id: 'button-1', kind: 'button' },
  { id: 'button-2', kind: 'button' },
  { id: 'siren-1', kind: 'siren' },
]
const rules = [{ id: 'ring', when: { colours: ['red'] }, device: 'siren-1', do: 'siren', secondsMax: 60 }]
let town: TestTown
let clients: MqttClient[]

beforeEach(async () => {
  clients = []
  town = await createTown({ devices, rules })
})
afterEach(async () => {
  await Promise.all(clients.map((client) => client.endAsync(true)))
  await town.close()
})

function device(clientId: string): MqttClient {
  const client = connect(`mqtt://127.0.0.1:${town.ports.mqtt}`, {
    clientId,
    clean: false,
    reconnectPeriod: 50,
  })
  clients.push(client)
  return client
}

/** The device keeps its press until it has a PUBACK, and sends it at every connection. */
function press(client: MqttClient, id: string): { isKept: boolean } {
  const pressed = { isKept: false }
  const topic = `gengfu/v1/${client.options.clientId}/event`
  const payload = JSON.stringify({ id, button: 'pressed' })
  client.publish(topic, payload, { qos: 1 }, (error) => {
    pressed.isKept = !error
  })
  return pressed
}

/** The box in a mount namespace of its own, in which its data folder is read-only. */
const onReadOnlyCard = (folder: string): Promise<Program> =>
  town.startGateway([
    'unshare',
    '-m',
    'sh',
    '-c',
    'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"',
    folder,
  ])

const copies = (): string[] =>
  readdirSync('/dev/shm').filter((name) => name.startsWith(`gengfu-memory-${town.boxId}-`))

it('acts, sends the call as not kept, says so, and goes on storing when the card takes writes again', async () => {
  const folder = join(town.folder, 'gateway')
  await town.startCentre()
  const before = await town.startGateway()
  const first = device('button-1')
  const early = press(first, '1-1')
  await until(() => Promise.resolve(early.isKept))
  await allReceipted(town)
  await first.endAsync()
  await before.end()

  const box = await onReadOnlyCard(folder)
  await box.said(
    'the data folder takes no writes: nothing is stored, and calls go to the centre as not kept at the box',
  )
  const siren = device('siren-1')
  const orders: string[] = []
  siren.on('message', (_topic, payload) => orders.push(payload.toString()))
  await siren.subscribeAsync('gengfu/v1/siren-1/command', { qos: 1 })
  const button = device('button-2')
  const pressed = press(button, '1-1')
  const callsOfTwo = async () => (await deskRows(town)).filter((row) => row.device === 'button-2')
  await until(async () => (await callsOfTwo()).length > 0)
  const [call] = await callsOfTwo()
  expect(call).toMatchObject({ kind: 'sos', colour: 'red', isKept: false, occurrences: 1 })
  await until(async () => (await deskRows(town)).some(({ kind }) => kind === 'box-not-keeping'))
  expect(orders.join()).toContain('"do":"siren"')
  expect(pressed.isKept).toBe(false)
  // What was stored before is known: the earlier call is still one alarm, and its repeat is none.
  expect((await deskRows(town)).filter((row) => row.device === 'button-1')).toHaveLength(1)

  // mount(8) of the box's own namespace.
  const remount = ['--target', `${box.pid}`, '--mount', 'mount', '-o', 'remount,rw,bind', folder]
  expect(spawnSync('nsenter', remount, { encoding: 'utf8' })).toMatchObject({ status: 0 })
  await until(() => Promise.resolve(pressed.isKept))
  await allReceipted(town)
  expect(await storedEventIds(town)).toEqual(['button-1 1-1', 'button-2 1-1'])
  expect(await callsOfTwo()).toMatchObject([{ id: call?.id, occurrences: 1 }])
  expect((await callsOfTwo())[0]?.isKept).toBeUndefined()
  await until(async () =>
    (await deskRows(town)).every(({ kind, state }) => kind !== 'box-not-keeping' || state === 'normal'),
  )
  await box.end()
  expect(copies()).toEqual([])
}, 180_000)
