// A console with every route on loopback, where 127.0.0.2 stands for the village's network, and requests with all headers at will.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request, type OutgoingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { stringify } from 'yaml'
import { CentreChanges } from '../../../gateway/config/centre-changes.ts'
import { ConsoleAccess } from '../../../gateway/console/access/console-access.ts'
import type { ConsoleOptions } from '../../../gateway/console/console-options.ts'
import { ConsoleServer } from '../../../gateway/console/console-server.ts'
import { cameraRoutes } from '../../../gateway/console/cameras/camera-routes.ts'
import type { CameraAccount, CameraWork } from '../../../gateway/console/cameras/camera-work.ts'
import { importRoutes } from '../../../gateway/console/devices/import-routes.ts'
import type { Installing } from '../../../gateway/console/installing.ts'
import { templateRoute } from '../../../gateway/console/devices/template-route.ts'
import { handoverRoutes } from '../../../gateway/console/handover/handover-routes.ts'
import { outletRoutes } from '../../../gateway/console/routes/outlet-routes.ts'
import { listenerRoutes } from '../../../gateway/console/listener/listener-routes.ts'
import { planRoutes } from '../../../gateway/console/plan/plan-routes.ts'
import { json, signedIn } from '../../../gateway/console/routes/route.ts'
import { settingsRoutes } from '../../../gateway/console/settings/settings-routes.ts'
import { setupRoutes } from '../../../gateway/console/setup/setup-routes.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { describeProblems, ok } from '../../../protocols/kit/result.ts'

export const onBox = '127.0.0.1'
export const inVillage = '127.0.0.2'

export interface Reply {
  status: number
  text: string
  body: Record<string, unknown>
  headers: Record<string, unknown>
}

export interface ConsoleKit {
  folder: string
  file: string
  access: ConsoleAccess
  options: ConsoleOptions
  installing: Installing
  restarts: string[]
  /** Bodies of manual actions, as the box got them. */
  controls: string[]
  /** What the camera forms find, and the accounts that they stored. */
  cameraWork: CameraWork & {
    accounts: Map<string, CameraAccount>
    tried: [string, CameraAccount | undefined][]
  }
  /** What was to be sent to the centre. */
  uploads: string[]
  /** Box time, which a test may step. */
  clock: { steadyMs: number }
  reopen: () => void
  ask: (
    from: string,
    method: string,
    path: string,
    more?: { body?: object | Uint8Array; headers?: OutgoingHttpHeaders },
  ) => Promise<Reply>
  stop: () => Promise<void>
}

export async function openConsoleKit(config: object = {}, isForVillage = true): Promise<ConsoleKit> {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-console-'))
  const file = join(folder, 'gateway.yaml')
  writeFileSync(
    file,
    stringify({
      box: { id: 'new-box' },
      dataDir: 'data',
      mqtt: { listeners: [{ host: '127.0.0.1', port: 0 }], passwordFile: 'passwords' },
      ...config,
    }),
  )
  const read = () => {
    const opened = CentreChanges.open(file)
    if (!opened.ok) throw new Error(describeProblems(opened.problems))
    return opened.value
  }
  const opened = read()
  const clock = { steadyMs: 1_000_000 }
  const restarts: string[] = []
  const controls: string[] = []
  let port = 0
  const access = new ConsoleAccess({
    dataDir: opened.config.dataDir,
    isForVillage,
    clock: { monotonicMs: () => clock.steadyMs },
    steadyMs: () => clock.steadyMs,
    knownNames: ['new-box'],
  })
  const link = { state: 'none', forMs: 0 }
  const installing: Installing = {
    config: opened.config,
    centreConfig: opened.centre,
    logger: pino({ level: 'silent' }),
    wallMs: () => 1_764_000_000_000,
    health: () => Promise.resolve({ link, clock: { quality: 'synced', atMs: 0 } } as never),
    walkTest: () => ({ v: 1, isOn: false, hasUplink: false, devices: [] }),
    port: () => port,
    newPassword: () => Promise.resolve({ password: 'secret', hash: 'scrypt$2$1$1$c2FsdHNhbHQ=$aGFzaA==' }),
    placePasswords: () => Promise.resolve(ok(undefined)),
    connect: () => ({ host: '192.0.2.7', port: 8883, isTls: true }),
    openPairing: () => Promise.resolve([]),
    restart: (why) => void restarts.push(why),
    note: () => undefined,
  }
  const cameraWork = createCameraWork()
  const uploads: string[] = []
  const answered = { type: 'arm', zone: 'x', isArmed: true, by: 'x' } as const
  const options: ConsoleOptions = {
    host: onBox,
    port: 0,
    villageHost: '0.0.0.0',
    isOnBox: (address) => address === onBox || address === `::ffff:${onBox}`,
    pageFolder: '/nowhere',
    boxName: 'box 1',
    access,
    note: () => undefined,
    clock: createSystemClock(),
    metrics: new Registry(),
    logger: pino({ level: 'silent' }),
    fault: () => undefined,
    health: () => Promise.resolve({} as never),
    quarantine: () => Promise.resolve([]),
    control: (_name, body) => {
      controls.push(Buffer.from(body).toString())
      return Promise.resolve(ok(answered))
    },
    forget: () => Promise.resolve(),
    cameras: undefined,
    devices: {
      answer: () => ({}) as never,
      change: () => ok({ do: 'rename', device: 'x', by: 'x', facts: {} }),
      permitJoin: () => Promise.resolve(undefined),
    },
    more: [
      ...setupRoutes(installing),
      ...importRoutes(installing),
      ...settingsRoutes(installing),
      ...listenerRoutes(installing),
      ...cameraRoutes({ installing, work: cameraWork }),
      ...planRoutes({ installing, onPicture: () => void uploads.push('plan') }),
      ...handoverRoutes({
        installing,
        onStored: () => void uploads.push('handover'),
        isAtCentre: () => uploads.includes('handover'),
      }),
      templateRoute,
      {
        method: 'GET',
        path: /^\/api\/v1\/walk-test$/,
        example: '/api/v1/walk-test',
        who: signedIn,
        run: () => json(installing.walkTest()),
      },
      ...outletRoutes({
        outlets: {
          list: () => Promise.resolve([]),
          test: () => Promise.resolve(undefined),
        },
        note: () => undefined,
      }),
    ],
  }
  const server = new ConsoleServer(options)
  port = Number(new URL(await server.start()).port)
  const ask: ConsoleKit['ask'] = (from, method, path, { body, headers = {} } = {}) =>
    new Promise((resolve, reject) => {
      const isFile = body instanceof Uint8Array
      const sent = request(
        {
          host: from === onBox ? onBox : inVillage,
          port,
          path,
          method,
          localAddress: from,
          headers: {
            host: from === onBox ? `${onBox}:${port}` : `192.0.2.7:${port}`,
            ...(body ? { 'content-type': isFile ? 'application/octet-stream' : 'application/json' } : {}),
            ...headers,
          },
        },
        (response) => {
          let text = ''
          response.setEncoding('utf8').on('data', (part: string) => (text += part))
          response.on('end', () => {
            const isJson = response.headers['content-type']?.startsWith('application/json')
            const parsed = isJson ? (JSON.parse(text) as Record<string, unknown>) : {}
            resolve({ status: response.statusCode ?? 0, text, body: parsed, headers: response.headers })
          })
        },
      )
      sent.on('error', reject)
      sent.end(body && (isFile ? body : JSON.stringify(body)))
    })
  return {
    folder,
    file,
    access,
    options,
    installing,
    restarts,
    controls,
    cameraWork,
    uploads,
    clock,
    ask,
    reopen: () => {
      const again = read()
      installing.config = again.config
      installing.centreConfig = again.centre
    },
    stop: async () => {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A search that finds one camera, and a trial that always has a picture. */
function createCameraWork(): ConsoleKit['cameraWork'] {
  const accounts = new Map<string, CameraAccount>()
  const tried: [string, CameraAccount | undefined][] = []
  return {
    accounts,
    tried,
    find: () =>
      Promise.resolve([
        { host: '192.0.2.64', port: 80, tls: false, path: '/onvif/device_service', name: 'Cam', model: 'M' },
      ]),
    takeTrial: (settings, account) => {
      tried.push([settings.host, account])
      return Promise.resolve({ ok: true, picture: 'AAAA', width: 640, height: 360 })
    },
    accountOf: ({ id }) => Promise.resolve(accounts.get(id)),
    storeAccount: (camera, account) => {
      accounts.set(camera, account)
      return Promise.resolve(undefined)
    },
  }
}

/** Cookie and proof of a person, for the headers of later requests. */
export function sessionHeaders({ headers, body }: Reply): OutgoingHttpHeaders {
  const [cookie = ''] = headers['set-cookie'] as string[]
  return { cookie: cookie.split(';')[0] ?? '', 'x-gengfu-page': body['page'] as string }
}
