// Question: is every command of the town to a box executed exactly once, or reported as not executed, whatever is away
// or killed meanwhile: the box, the siren, the centre?
import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { CommandAnswer, CommandsAnswer, DeskCommand } from '../../../protocols/desk/commands.ts'
import type { LogRecord } from '../../../protocols/domain/record.ts'
import { SimulatedCamera } from '../../../firmware-sim/camera/simulated-camera.ts'
import { createTown, runCommand, type Program, type TestTown } from '../../kits/system/programs.ts'
import { deskRows, storedRecords, until } from '../../kits/system/town-steps.ts'

// Four programs start one after the other.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const camera = new SimulatedCamera()
let town: TestTown
let centre: Program
let gateway: Program
let admin = ''
/** Ids of the commands that a device got, with repeats. */
const heard: string[] = []

beforeAll(async () => {
  await camera.start()
  town = await createTown({
    zones: [{ id: 'square' }, { id: 'shop' }],
    devices: [
      { id: 'button-1', kind: 'button', zone: 'square' },
      { id: 'siren-1', kind: 'siren', zone: 'square' },
    ],
    cameras: [
      {
        id: 'cam-1',
        zone: 'square',
        host: '127.0.0.1',
        port: camera.port,
        ringSeconds: 0,
        healthSeconds: 3600,
      },
    ],
    commands: { allow: ['arm', 'siren', 'snapshot', 'burst', 'shelve', 'config'] },
  })
  centre = await town.startCentre()
  gateway = await town.startGateway()
  const args = ['--config', town.centreFile, '--role', 'admin', '--name', 'wang.min']
  admin = await runCommand(['centre', 'token', ...args])
  await until(async () => {
    const { villages } = await town.get<{ villages: { boxes: unknown[] }[] }>('/api/v1/villages')
    return villages.length === 1
  })
})
afterAll(async () => {
  await town.close()
  await camera.stop()
})

async function post(body: object, token: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${town.ports.http}/api/v1/boxes/${town.boxId}/commands`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

async function ask(body: object): Promise<string> {
  const answer = await post(body, admin)
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
  return ((await answer.json()) as CommandAnswer).command.id
}

async function stateOf(id: string): Promise<DeskCommand | undefined> {
  const { commands } = await town.get<CommandsAnswer>(`/api/v1/boxes/${town.boxId}/commands`)
  return commands.find((command) => command.id === id)
}

async function comesTo(id: string, state: DeskCommand['state']): Promise<DeskCommand> {
  await until(async () => (await stateOf(id))?.state === state)
  return (await stateOf(id)) as DeskCommand
}

/** A siren that answers each command, or none. */
async function openSiren({ isAnswering = true, isClean = true } = {}): Promise<MqttClient> {
  const siren = await connectAsync(`mqtt://127.0.0.1:${town.ports.mqtt}`, {
    clientId: 'siren-1',
    protocolVersion: 4,
    clean: isClean,
    reconnectPeriod: 0,
  })
  siren.on('error', () => {})
  siren.on('message', (_topic, payload) => {
    const { id } = JSON.parse(payload.toString()) as { id: string }
    heard.push(id)
    if (isAnswering) siren.publish('gengfu/v1/siren-1/result', JSON.stringify({ id, ok: true }), { qos: 1 })
  })
  await siren.subscribeAsync('gengfu/v1/siren-1/command', { qos: 1 })
  return siren
}

async function recordsOf(what: string): Promise<LogRecord[]> {
  return (await storedRecords(town))
    .map(({ record }) => record)
    .filter((record): record is LogRecord => record.type === 'log' && record.what === what)
}

it('sounds the siren once, reports it, and records who asked and why', async () => {
  const siren = await openSiren()
  const id = await ask({ do: 'siren', zone: 'square', seconds: 30, why: 'fire in the square' })
  expect(await comesTo(id, 'done')).toMatchObject({ by: 'token:wang.min', reached: ['siren-1'] })
  expect(heard).toEqual([id])
  await siren.endAsync()
  await until(async () =>
    (await recordsOf('centre-command')).some(({ facts }) => facts?.['state'] === 'done'),
  )
  const [first] = await recordsOf('centre-command')
  expect(first?.facts).toMatchObject({ id, do: 'siren', by: 'token:wang.min', why: 'fire in the square' })
})

it('refuses with the reason: by role at the centre, by its own policy at the box', async () => {
  expect((await post({ do: 'disarm' }, await town.token())).status).toBe(403)
  const id = await ask({ do: 'disarm' })
  const { reason } = await comesTo(id, 'refused')
  expect(reason?.code).toBe('not-allowed')
  expect(reason?.zh).toMatch(/\p{Script=Han}{4}/u)
  const red = await ask({ do: 'shelve', alarm: `${town.boxId}.nothing-1`, minutes: 5 })
  expect((await comesTo(red, 'refused')).reason?.code).toBe('no-alarm')
})

it('says which device was not reached in time, and gives it nothing late, whatever session it left behind', async () => {
  const away = await openSiren({ isClean: false })
  await away.endAsync()
  const id = await ask({ do: 'siren', seconds: 10, livesSeconds: 4 })
  const { reason, missed } = await comesTo(id, 'failed')
  expect({ code: reason?.code, missed }).toEqual({ code: 'no-answer', missed: ['siren-1'] })
  // Nor the one in flight when it froze, without a PUBACK: its session would repeat it for ever.
  const frozen = await openSiren({ isClean: false, isAnswering: false })
  frozen.handleMessage = () => {}
  const stuck = await ask({ do: 'siren', seconds: 10, livesSeconds: 4 })
  await comesTo(stuck, 'failed')
  frozen.end(true)
  heard.length = 0
  const back = await openSiren({ isClean: false })
  const later = await ask({ do: 'siren', seconds: 10 })
  await comesTo(later, 'done')
  expect(new Set(heard)).toEqual(new Set([later]))
  await back.endAsync()
})

it('executes a command of the time away once, when the box comes back, and never an expired one', async () => {
  await gateway.end('SIGTERM')
  const late = await ask({ do: 'siren', seconds: 10, livesSeconds: 1 })
  const armed = await ask({ do: 'arm', zone: 'shop' })
  await comesTo(late, 'expired')
  await centre.end('SIGKILL')
  centre = await town.startCentre()
  expect((await stateOf(armed))?.state).toMatch(/waiting|sent/)
  gateway = await town.startGateway()
  await comesTo(armed, 'done')
  const siren = await openSiren()
  await until(async () => (await recordsOf('armed')).length > 0)
  expect((await recordsOf('armed')).map(({ facts }) => facts?.['zone'])).toEqual(['shop'])
  expect(heard).not.toContain(late)
  await siren.endAsync()
})

it('gives the same command once more, never a second one, when it is killed while the siren has it', async () => {
  heard.length = 0
  const deaf = await openSiren({ isAnswering: false })
  const id = await ask({ do: 'siren', seconds: 10 })
  await until(() => heard.includes(id))
  await gateway.end('SIGKILL')
  deaf.end(true)
  gateway = await town.startGateway()
  const siren = await openSiren()
  expect(await comesTo(id, 'done')).toMatchObject({ reached: ['siren-1'] })
  // A device recognises a repeat by its id, so this is one run.
  expect(new Set(heard)).toEqual(new Set([id]))
  await siren.endAsync()
})

it('takes a picture for an alarm, whose record names the command, and none where nothing stands', async () => {
  const quiet = await ask({ do: 'snapshot', camera: 'cam-1' })
  expect((await comesTo(quiet, 'refused')).reason?.code).toBe('no-alarm-there')
  const button = await connectAsync(`mqtt://127.0.0.1:${town.ports.mqtt}`, { clientId: 'button-1' })
  await button.publishAsync('gengfu/v1/button-1/event', '{"id":"1-1","button":"pressed"}', { qos: 1 })
  await button.endAsync()
  await until(async () => (await deskRows(town)).length > 0)
  const [alarm] = await deskRows(town)
  const id = await ask({ do: 'snapshot', alarm: alarm?.id })
  const { snapshots, reached } = await comesTo(id, 'done')
  expect(reached).toEqual(['cam-1'])
  await until(async () => (await recordsOf('snapshot-taken')).some(({ facts }) => facts?.['command'] === id))
  const record = (await recordsOf('snapshot-taken')).find(({ facts }) => facts?.['command'] === id)
  expect(record?.facts).toMatchObject({ id: snapshots?.[0], askedBy: 'token:wang.min', moment: 'on-demand' })
  expect(`${town.boxId}.${String(record?.facts?.['alarm'])}`).toBe(alarm?.id)
})

it('changes its configuration, restarts with it, and answers once the centre is reached again', async () => {
  const wrong = await ask({ do: 'config', set: { zones: [{ id: 'no such id!' }] } })
  expect((await comesTo(wrong, 'refused')).reason).toMatchObject({ code: 'config-wrong' })
  const outward = await ask({ do: 'config', set: { uplink: { url: 'mqtts://elsewhere.example' } } })
  expect((await comesTo(outward, 'refused')).reason?.code).toBe('section-closed')
  const id = await ask({ do: 'config', set: { zones: [{ id: 'square' }, { id: 'shop' }, { id: 'mill' }] } })
  await comesTo(id, 'done')
  const armed = await ask({ do: 'arm', zone: 'mill' })
  await comesTo(armed, 'done')
})
