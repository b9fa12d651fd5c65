// The hostile side of `structure-town.ts`, in a separate process: a device, a box, an HTTP client and streams that send mutated
// messages as fast as they are answered, while the parent says so. Arguments: the ports of box, uplink and desk, a token, the seed.
import { Agent, request } from 'node:http'
import { constants, setPriority } from 'node:os'
import { connect, type MqttClient } from 'mqtt'
import { WebSocket } from 'ws'
import { pause } from '../../bench/options.ts'
import { randomMutations, type Mutation } from '../structure/structural-mutations.ts'
import { filled, operationsOf, type Description } from '../structure/structure-centre.ts'
import { deviceEvent, deviceResult } from '../structure/structure-device.ts'
import { uplinkMessages } from '../structure/structure-uplink.ts'

const [box = '', uplink = '', desk = '', token = '', seed = '1'] = process.argv.slice(2)
const underWayMax = 16
/** Its own addresses: the honest desk has another. */
const httpAddress = '127.0.5.1'
const streamAddresses = 64
const answerMsMax = 20_000

let isOn = false
let sent = 0

/** The next mutation, when the parent wants one. */
async function next(mutations: Generator<Mutation>): Promise<string> {
  while (!isOn) await pause(20)
  sent++
  return (mutations.next().value as Mutation).text
}

type Aim = (text: string, at: number) => [topic: string, payload: string]

/** Keeps a connection open and publishes on it; a broker that ends it is dialled again. */
async function publish(
  port: string,
  clientId: string,
  messages: readonly unknown[],
  aim: Aim,
): Promise<void> {
  const mutations = randomMutations(messages, Number(seed) + sent)
  for (let at = 0; ;) {
    const client: MqttClient = connect(`mqtt://127.0.0.1:${port}`, {
      clientId,
      protocolVersion: 4,
      reconnectPeriod: 0,
    })
    let isOpen = true
    let underWay = 0
    client.on('error', () => undefined)
    client.once('close', () => (isOpen = false))
    while (isOpen) {
      if (!client.connected || underWay >= underWayMax) {
        await pause(2)
        continue
      }
      const [topic, payload] = aim(await next(mutations), at++)
      underWay++
      client.publish(topic, Buffer.from(payload), { qos: 1 }, () => underWay--)
    }
    client.end(true)
    await pause(100)
  }
}

const deviceChannels = ['event', 'event', 'result', 'presence'] as const
const lanes = ['red', 'orange', 'yellow', 'blue', 'routine'] as const
const boxMessages = uplinkMessages.map(([name, message]) => ({ name, message }))

/** A Report says its lane itself; a mutated one may come on any. */
function channelOf(name: string, at: number): string {
  if (name === 'heartbeat' || name === 'result') return name
  return name === 'unkept call' ? 'unkept' : (lanes[at % lanes.length] ?? 'red')
}

const agent = new Agent({ keepAlive: true, maxSockets: 4 })

async function call(): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${desk}/api/v1/openapi.json`)
  const operations = operationsOf((await answer.json()) as Description).filter(
    ({ path }) => !path.endsWith('/logout'),
  )
  const withBody = operations.filter(({ bodies }) => bodies.length > 0)
  const mutations = randomMutations(
    withBody.flatMap(({ path, bodies }) => bodies.map((body) => ({ path, body }))),
    Number(seed) + 100,
  )
  for (let at = 0; ; at++) {
    const text = await next(mutations)
    const named = /^\{"path":"([^"]+)"/.exec(text)?.[1]
    const operation = withBody.find(({ path }) => path === named) ?? withBody[at % withBody.length]
    if (operation) await ask(filled(operation.path), text.slice(text.indexOf(',"body":') + 8, -1))
  }
}

function ask(path: string, body: string): Promise<void> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const options = { agent, port: desk, localAddress: httpAddress, path, method: 'POST', headers }
    const sending = request({ host: '127.0.0.1', ...options, timeout: answerMsMax }, (response) => {
      response.resume()
      response.once('close', resolve)
    })
    sending.on('error', () => resolve())
    sending.on('timeout', () => sending.destroy())
    sending.end(body)
  })
}

async function stream(): Promise<void> {
  const mutations = randomMutations([{ type: 'auth', token }], Number(seed) + 200)
  for (let at = 0; ; at++) {
    const text = await next(mutations)
    const socket = new WebSocket(`ws://127.0.0.1:${desk}/api/v1/stream`, {
      localAddress: `127.0.4.${1 + (at % streamAddresses)}`,
      handshakeTimeout: answerMsMax,
    })
    await new Promise<void>((resolve) => {
      socket.on('open', () => socket.send(text))
      socket.on('message', () => socket.close())
      socket.on('error', () => resolve())
      socket.on('close', () => resolve())
    })
    socket.terminate()
  }
}

// An attacker from outside has its own processor: this process uses the time that the programs leave.
setPriority(constants.priority.PRIORITY_LOW)
process.on('disconnect', () => process.exit(0))
process.on('message', (order) => {
  isOn = order === 'on'
  process.send?.(sent)
})
void publish(box, 'hostile-1', [deviceEvent, deviceResult], (text, at) => [
  `gengfu/v1/hostile-1/${deviceChannels[at % deviceChannels.length]}`,
  text,
])
void publish(uplink, 'box-evil', boxMessages, (text, at) => {
  const name = /^\{"name":"([a-z ]+)","message":/.exec(text)?.[1] ?? 'report'
  const head = `{"name":"${name}","message":`
  return [`up/box-evil/${channelOf(name, at)}`, text.startsWith(head) ? text.slice(head.length, -1) : text]
})
void call()
void stream()
