// What the console answers about the box as it runs, and the manual actions of a person.
import type { ConsoleOptions } from '../console-options.ts'
import { isControl, parseForget } from '../box-controls.ts'
import { lookAtPicture, runCameraControl } from '../camera-controls.ts'
import { runDeviceControl } from '../device-controls.ts'
import { done, installers, json, problems, signedIn, type Route } from './route.ts'

/** Entries of the quarantine in one answer. */
const quarantineEntriesMax = 200

export function boxRoutes(options: ConsoleOptions): Route[] {
  return [...readRoutes(options), ...controlRoutes(options), ...deviceRoutes(options)]
}

function readRoutes({ health, devices, quarantine, cameras }: ConsoleOptions): Route[] {
  return [
    {
      method: 'GET',
      path: /^\/api\/v1\/health$/,
      example: '/api/v1/health',
      who: signedIn,
      run: async () => json(await health()),
    },
    {
      method: 'GET',
      path: /^\/api\/v1\/devices$/,
      example: '/api/v1/devices',
      who: signedIn,
      run: () => json(devices.answer()),
    },
    {
      method: 'GET',
      path: /^\/api\/v1\/quarantine$/,
      example: '/api/v1/quarantine',
      who: signedIn,
      run: async () => json({ entries: await quarantine(quarantineEntriesMax) }),
    },
    {
      // `?who=NAME`: logged before it is shown.
      method: 'GET',
      path: /^\/api\/v1\/snapshots\/([^/]+\/[^/]+)$/,
      example: '/api/v1/snapshots/ab12cd34ab12cd34/preview',
      who: signedIn,
      run: async ({ parts, query, caller }) => {
        const who = caller.name ?? query.get('who') ?? ''
        const bytes = await lookAtPicture(cameras, `/api/v1/snapshots/${parts[0] ?? ''}`, who)
        if (bytes) return { status: 200, type: 'image/jpeg', content: Buffer.from(bytes) }
        const content = 'no such picture, or the name of the person is missing (?who=NAME)\n'
        return { status: 404, type: 'text/plain', content }
      },
    },
  ]
}

/** A maintainer tests, bypasses a faulty device and marks a mistake; arming and shelving change what the village is warned of. */
function controlRoutes({ control, forget, cameras }: ConsoleOptions): Route[] {
  const controls = (names: string, example: string, who: Route['who']): Route => ({
    method: 'POST',
    path: new RegExp(`^/api/v1/(${names})$`),
    example: `/api/v1/${example}`,
    who,
    run: async ({ parts: [name = ''], body }) => {
      if (!isControl(name)) return { status: 404, type: 'text/plain', content: 'nothing here\n' }
      const judged = await control(name, body)
      return judged.ok ? done() : problems(judged.problems)
    },
  })
  const camera = (names: string, example: string, who: Route['who']): Route => ({
    method: 'POST',
    path: new RegExp(`^/api/v1/cameras/([A-Za-z0-9._-]{1,64})/(${names})$`),
    example: `/api/v1/cameras/camera-1/${example}`,
    who,
    run: async ({ parts: [id, name], body }) => {
      const { status, answer } = await runCameraControl(cameras, `/api/v1/cameras/${id}/${name}`, body)
      return json(answer, status)
    },
  })
  return [
    controls('arm|disarm|shelve', 'arm', installers),
    controls('bypass|calloff|maintenance', 'maintenance', signedIn),
    camera('snapshot', 'snapshot', signedIn),
    camera('password|certificate', 'password', installers),
    {
      method: 'POST',
      path: /^\/api\/v1\/forget$/,
      example: '/api/v1/forget',
      who: signedIn,
      run: async ({ body }) => {
        const asked = parseForget(body)
        if (!asked.ok) return problems(asked.problems)
        await forget(asked.value)
        return done()
      },
    },
  ]
}

/** A maintainer replaces and renames; an installer decides which devices there are. */
function deviceRoutes({ devices }: ConsoleOptions): Route[] {
  const change = (
    path: RegExp,
    example: string,
    who: Route['who'],
    pathOf: (part: string) => string,
  ): Route => ({
    method: 'POST',
    path,
    example,
    who,
    run: async ({ parts: [part = ''], body }) => {
      const { status, answer } = await runDeviceControl(devices, pathOf(part), body)
      return json(answer, status)
    },
  })
  const ofDevice = (what: string): string => `/api/v1/devices/${what}`
  const ofBridge = (bridge: string): string => `/api/v1/bridges/${bridge}/permit-join`
  return [
    change(/^\/api\/v1\/devices\/(replace|rename)$/, ofDevice('rename'), signedIn, ofDevice),
    change(/^\/api\/v1\/devices\/(adopt|forget)$/, ofDevice('adopt'), installers, ofDevice),
    change(
      /^\/api\/v1\/bridges\/([A-Za-z0-9._-]{1,64})\/permit-join$/,
      ofBridge('bridge-1'),
      installers,
      ofBridge,
    ),
  ]
}
