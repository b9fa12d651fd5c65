// The centre's side of commands: rights, stored before sent, sent again until answered, and an honest state when the
// outcome is unknown.
import { connect, type MqttClient } from 'mqtt'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { StreamMessage } from '../../../protocols/desk/api.ts'
import {
  commandRoles,
  type CommandAnswer,
  type CommandsAnswer,
  type DeskCommand,
} from '../../../protocols/desk/commands.ts'
import { encodeJson, parseCentreCommand } from '../../../protocols/uplink/codec.ts'
import {
  commandKinds,
  type CentreCommand,
  type CentreCommandResult,
} from '../../../protocols/uplink/command.ts'
import { openPerBoxMax } from '../../../centre/commands/command-sender.ts'
import { createSteppedClock } from '../../kits/system/box-in-process.ts'
import { dropFolder, makeFolder, startCentre, until, type CentreUnderTest } from './centre-parts.ts'

const box = 'upper-brook'
const path = `/api/v1/boxes/${box}/commands`
let folder: string
let centre: CentreUnderTest
let clients: MqttClient[] = []
const clock = createSteppedClock()
// A centre starts for each of them.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const open = async (): Promise<void> => {
  centre = await startCentre(folder, { clock, config: { boxes: [{ id: box, name: 'Upper Brook' }] } })
}
beforeEach(async () => {
  folder = makeFolder()
  clock.offsetMs = 0
  await open()
})
afterEach(async () => {
  for (const client of clients) await client.endAsync(true)
  clients = []
  await centre.centre.stop()
  dropFolder(folder)
})

interface Listening {
  heard: CentreCommand[]
  answer(part: Partial<CentreCommandResult> & { state: string }): Promise<unknown>
  client: MqttClient
}

/** A box that does nothing by itself. */
async function listen(id = box): Promise<Listening> {
  const client = connect(centre.centre.uplinkUrls[0] ?? '', { clientId: id, reconnectPeriod: 0 })
  clients.push(client)
  client.on('error', () => {})
  const heard: CentreCommand[] = []
  client.on('message', (_topic, payload) => {
    const command = parseCentreCommand(payload)
    if (command.ok) heard.push(command.value)
  })
  await client.subscribeAsync(`down/${id}/command`, { qos: 1 })
  const answer: Listening['answer'] = (part) => {
    const result = { v: 1, id: heard.at(-1)?.id, atMs: 1000, clock: 'unsynced', ...part }
    return client.publishAsync(`up/${id}/result`, Buffer.from(encodeJson(result)), { qos: 1 })
  }
  return { heard, answer, client }
}

async function ask(body: object, role: 'operator' | 'admin' = 'admin'): Promise<DeskCommand> {
  const answer = await centre.post(path, centre.token(role, 'wang.min'), body)
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
  return ((await answer.json()) as CommandAnswer).command
}
async function list(): Promise<DeskCommand[]> {
  const answer = await centre.get(path, centre.token())
  return ((await answer.json()) as CommandsAnswer).commands
}
const comesTo = (state: DeskCommand['state']): Promise<DeskCommand> =>
  until(async () => (await list()).find((command) => command.state === state))

it('lets each role ask for its kinds alone', async () => {
  const body = {
    device: 'd-1',
    alarm: `${box}.a-1`,
    text: 'x',
    minutes: 1,
    seconds: 1,
    version: '1',
    set: {},
  }
  for (const role of ['operator', 'supervisor', 'maintainer', 'installer', 'admin'] as const) {
    const token = centre.token(role, role)
    const answers: [kind: string, status: number][] = []
    for (const kind of commandKinds) {
      const { status } = await centre.post(path, token, { ...body, order: { do: 'x' }, do: kind })
      answers.push([kind, status])
    }
    expect(answers).toEqual(commandKinds.map((kind) => [kind, commandRoles[kind].includes(role) ? 200 : 403]))
  }
})

it('refuses what no command is, and more than a box can have under way', async () => {
  const wrong = [
    { do: 'levitate' },
    { do: 'siren' },
    { do: 'siren', seconds: 3600 },
    { do: 'arm', livesSeconds: 31_536_000 },
    { do: 'update', version: '1;reboot' },
    { do: 'siren', seconds: 1, alarm: 'lower-brook.a-1' },
    { do: 'arm', by: 'somebody else' },
  ]
  for (const body of wrong)
    expect([body, (await centre.post(path, centre.token('admin'), body)).status]).toEqual([body, 400])
  expect(await list()).toEqual([])
  // Nor for an unknown box, nor more than a box may have in progress.
  const token = centre.token('admin')
  expect((await centre.post('/api/v1/boxes/nowhere/commands', token, { do: 'arm' })).status).toBe(404)
  for (let asked = 0; asked < openPerBoxMax; asked++) await ask({ do: 'arm' })
  expect((await centre.post(path, token, { do: 'arm' })).status).toBe(429)
})

it('pushes every step to open desks, with who asked, and the answer as the box gave it', async () => {
  const messages: StreamMessage[] = []
  const headers = { authorization: `Bearer ${centre.token()}` }
  const stream = new WebSocket(`${centre.centre.httpUrl.replace('http', 'ws')}/api/v1/stream`, { headers })
  stream.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as StreamMessage))
  await until(() => messages.length > 0)
  const listening = await listen()
  await ask({ do: 'siren', seconds: 30, alarm: `${box}.3-41-sos`, why: 'fire' })
  await until(() => listening.heard.length > 0)
  expect(listening.heard[0]).toMatchObject({
    do: 'siren',
    seconds: 30,
    alarm: '3-41-sos',
    by: 'token:wang.min',
    why: 'fire',
  })
  await listening.answer({ state: 'received', missed: ['siren-1'] })
  await listening.answer({ state: 'done', reached: ['siren-1'] })
  await until(() => messages.some(({ type }) => type === 'command.done'))
  stream.close()
  const steps = messages.flatMap((message) => ('command' in message ? [message] : []))
  expect(steps.map(({ type }) => type)).toEqual([
    'command.asked',
    'command.sent',
    'command.received',
    'command.done',
  ])
  expect(steps.at(-1)?.command).toMatchObject({ by: 'token:wang.min', state: 'done', reached: ['siren-1'] })
  // A final state never changes.
  await listening.answer({ state: 'failed' })
  expect((await list())[0]?.state).toBe('done')
})

it('sends what was asked while the box was away, also after a restart, with the life that is left', async () => {
  const { id } = await ask({ do: 'arm' })
  await centre.centre.stop()
  clock.offsetMs += 60_000
  await open()
  const { heard } = await listen()
  await until(() => heard.length > 0)
  expect(heard[0]?.id).toBe(id)
  expect(heard[0]?.leftMs).toBeGreaterThan(13 * 60_000)
  expect(heard[0]?.leftMs).toBeLessThanOrEqual(14 * 60_000)
})

it('never sends an expired command: it is known to be not executed', async () => {
  await ask({ do: 'siren', seconds: 5, livesSeconds: 1 })
  clock.offsetMs += 5000
  await comesTo('expired')
  const { heard } = await listen()
  await ask({ do: 'arm' })
  await until(() => heard.length > 0)
  expect(heard.map((command) => command.do)).toEqual(['arm'])
})

it('does not guess what became of a command that it sent: it asks, and no copy can start it any more', async () => {
  const first = await listen()
  const { id } = await ask({ do: 'siren', seconds: 5, livesSeconds: 30 })
  await until(() => first.heard.length > 0)
  await first.client.endAsync(true)
  clock.offsetMs += 60_000
  await comesTo('unanswered')
  const again = await listen()
  await until(() => again.heard.length > 0)
  expect(again.heard[0]).toMatchObject({ id, leftMs: 0 })
  await again.answer({ state: 'done', reached: ['siren-1'] })
  await comesTo('done')
})

it('takes an answer from the box itself alone, and survives answers that no box gives', async () => {
  const [own, other] = [await listen(), await listen('lower-brook')]
  const { id } = await ask({ do: 'arm' })
  await until(() => own.heard.length > 0)
  await other.answer({ id, state: 'done' })
  for (const hostile of [
    '',
    '[]',
    '{"v":1}',
    `{"v":1,"id":"${id}","state":"perhaps","atMs":1,"clock":"synced"}`,
  ])
    await own.client.publishAsync(`up/${box}/result`, hostile, { qos: 1 })
  await own.answer({ id: 'k-unheard-of', state: 'done' })
  expect((await list())[0]?.state).toBe('sent')
  await own.answer({ state: 'refused', reason: { code: 'not-allowed', zh: '不允许', en: 'not let' } })
  expect((await comesTo('refused')).reason?.code).toBe('not-allowed')
})
