// Who may connect as a device: a form for the listener of the village's network, with a certificate that the box makes itself.
import { createServer } from 'node:net'
import { hostname } from 'node:os'
import { z } from 'zod'
import { isLoopback } from '../../../platform/loopback.ts'
import { messageOf } from '../../../platform/failure.ts'
import { isObject } from '../../../protocols/kit/parse-json.ts'
import { bad, ok, type Result } from '../../../protocols/kit/result.ts'
import type { ListenerAnswer } from '../../../protocols/console/installing.ts'
import type { Installing } from '../installing.ts'
import { parseBody } from '../routes/access-routes.ts'
import {
  done,
  installers,
  json,
  problems,
  signedIn,
  type Answer,
  type Call,
  type Route,
} from '../routes/route.ts'
import { networkFacts } from '../setup/network-facts.ts'
import { makeDeviceTls, readDeviceAuthority } from './device-tls.ts'

const shape = z.strictObject({
  /** `box`: programs on the box alone. */
  who: z.enum(['box', 'village', 'village-tls']),
  port: z.int().min(1).max(65_535).optional(),
  by: z.string().min(1).max(80).optional(),
})
const ownPort = 1883
const portOf = { village: 1883, 'village-tls': 8883 }
const everyone = '0.0.0.0'

type Listener = Readonly<Record<string, unknown>> & { host?: unknown; port?: unknown }

export function listenerRoutes(installing: Installing): Route[] {
  return [
    {
      method: 'GET',
      path: /^\/api\/v1\/listener$/,
      example: '/api/v1/listener',
      who: signedIn,
      run: () => json(readAnswer(installing)),
    },
    {
      // Public: a device is given it, so that it knows the box.
      method: 'GET',
      path: /^\/api\/v1\/listener\/ca\.crt$/,
      example: '/api/v1/listener/ca.crt',
      who: signedIn,
      run: () => {
        const pem = readDeviceAuthority(installing.config.dataDir)
        return pem === undefined
          ? { status: 404, type: 'text/plain', content: 'no certificate was made yet\n' }
          : {
              status: 200,
              type: 'application/x-pem-file',
              content: pem,
              fileName: `${installing.config.box.id}-ca.crt`,
            }
      },
    },
    {
      method: 'POST',
      path: /^\/api\/v1\/listener$/,
      example: '/api/v1/listener',
      who: installers,
      run: (call) => setListener(installing, call),
    },
  ]
}

const isForVillage = ({ host }: Listener): boolean => typeof host === 'string' && !isLoopback(host)

function readAnswer({ config }: Installing): ListenerAnswer {
  const { listeners, anonymous } = config.mqtt
  const open = listeners.find(isForVillage)
  return {
    v: 1,
    who: open === undefined ? 'box' : open.tls ? 'village-tls' : 'village',
    ...(open === undefined ? {} : { port: open.port }),
    isAnonymous: anonymous,
    hasAuthority: readDeviceAuthority(config.dataDir) !== undefined,
    listeners: listeners.map(({ host, port, tls, webSocket }) => ({
      host,
      port,
      isTls: tls !== undefined,
      isWebSocket: webSocket,
    })),
  }
}

async function setListener(installing: Installing, call: Call): Promise<Answer> {
  const asked = parseBody(shape, call)
  if (!asked.ok) return problems(asked.problems)
  const { centreConfig, config, wallMs, note, restart } = installing
  const { who, by = 'at the box' } = asked.value
  const written = centreConfig?.written()
  if (!centreConfig || !written?.ok)
    return problems(written?.ok === false ? written.problems : bad('no file 无配置文件').problems)
  const mqtt = isObject(written.value.raw['mqtt']) ? written.value.raw['mqtt'] : {}
  const before = (Array.isArray(mqtt['listeners']) ? mqtt['listeners'] : []).filter((one): one is Listener =>
    isObject(one),
  )
  const next = await listenersOf(installing, before, asked.value)
  if (!next.ok) return problems(next.problems, 409)
  const set = { 'mqtt.listeners': next.value }
  const what = `listener ${who}`
  const changed = centreConfig.changeSettings({ by, what, atMs: wallMs(), set })
  if (!changed.ok) return problems(changed.problems)
  note('settings-changed', { what, by, keys: 1, listeners: config.mqtt.listeners.length })
  restart(what)
  return done()
}

/** The first listener of the village is replaced; those of the box, WebSocket and any further one stay. */
async function listenersOf(
  { config, port: consolePort }: Installing,
  before: readonly Listener[],
  { who, port }: z.infer<typeof shape>,
): Promise<Result<Listener[]>> {
  const old = before.find((one) => isForVillage(one) && one['webSocket'] !== true)
  const others = before.filter((one) => one !== old)
  if (who === 'box') return ok(others.length > 0 ? others : [{ host: '127.0.0.1', port: ownPort }])
  const wanted = port ?? portOf[who]
  const free = await canListen(
    wanted,
    config.mqtt.listeners.map((one) => one.port),
  )
  if (!free.ok) return free
  const tls = who === 'village-tls' ? await ownTls(config.dataDir, config.box.id, consolePort()) : undefined
  // A listener for all addresses has the one of the box in it; two on one port would keep the gateway from starting.
  const rest = others.filter((one) => (one.port ?? ownPort) !== wanted)
  return ok([...rest, { host: everyone, port: wanted, ...(tls ? { tls } : {}) }])
}

const ownTls = (dataDir: string, box: string, port: number) =>
  makeDeviceTls(dataDir, box, [
    'gengfu.local',
    hostname(),
    '127.0.0.1',
    ...networkFacts(port).addresses.map(({ address }) => address),
  ])

/** A gateway whose port is taken does not start, and would take its console along. */
function canListen(port: number, own: readonly number[]): Promise<Result<void>> {
  if (own.includes(port)) return Promise.resolve(ok(undefined))
  return new Promise((resolve) => {
    const trial = createServer()
    trial.once('error', (error) =>
      resolve(bad(`port ${port} is not free 端口已被占用或不允许: ${messageOf(error)}`, 'port')),
    )
    trial.listen(port, everyone, () => trial.close(() => resolve(ok(undefined))))
  })
}
