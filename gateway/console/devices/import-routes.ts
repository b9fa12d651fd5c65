// Adds devices from a list or one by one, and makes new credentials. A request is applied as a whole or not at all. Of a
// password only the hash is stored; the answer contains the password once.
import { z } from 'zod'
import type { DeviceCredential, ImportAnswer } from '../../../protocols/console/installing.ts'
import { isObject, scalarText } from '../../../protocols/kit/parse-json.ts'
import { bad, type Problem } from '../../../protocols/kit/result.ts'
import type { Installing } from '../installing.ts'
import { parseBody } from '../routes/access-routes.ts'
import { done, installers, json, problems, type Answer, type Call, type Route } from '../routes/route.ts'
import { listBytesMax, readDeviceRows, type DeviceList, type RowProblem } from './device-rows.ts'

/** Hashes made at once: more would take both cores from the devices. */
const hashesAtOnce = 2
const credentialsMax = 500

const by = z.string().min(1).max(80).optional()
const cell = z.string().max(300)
const addShape = z.strictObject({ device: z.record(z.string().max(40), cell), by })
const credentialShape = z.strictObject({ devices: z.array(cell).min(1).max(credentialsMax), by })
const editShape = z.strictObject({
  device: cell,
  set: z.strictObject({
    name: z.string().trim().max(120).optional(),
    kind: z.string().max(40).optional(),
    zone: z.string().max(64).optional(),
    phone: z.string().max(32).optional(),
  }),
  by,
})
const doorShape = z.strictObject({ minutes: z.number().min(0).max(60), by })

type Entry = DeviceList['devices'][number]['entry']

/** A device behind a bridge has no credential of its own. */
const connectsItself = (entry: Entry): boolean => entry['via'] === undefined

export function importRoutes(installing: Installing): Route[] {
  return [
    {
      method: 'POST',
      path: /^\/api\/v1\/devices\/import$/,
      example: '/api/v1/devices/import',
      who: installers,
      bytesMax: listBytesMax,
      isFile: true,
      run: (call) => importList(installing, call),
    },
    {
      method: 'POST',
      path: /^\/api\/v1\/devices\/add$/,
      example: '/api/v1/devices/add',
      who: installers,
      bytesMax: 16 * 1024,
      run: (call) => addOne(installing, call),
    },
    {
      method: 'POST',
      path: /^\/api\/v1\/devices\/edit$/,
      example: '/api/v1/devices/edit',
      who: installers,
      run: (call) => editOne(installing, call),
    },
    {
      method: 'POST',
      path: /^\/api\/v1\/devices\/credentials$/,
      example: '/api/v1/devices/credentials',
      who: installers,
      bytesMax: 64 * 1024,
      run: (call) => renewCredentials(installing, call),
    },
    {
      method: 'POST',
      path: /^\/api\/v1\/devices\/door$/,
      example: '/api/v1/devices/door',
      who: installers,
      run: async (call) => {
        const asked = parseBody(doorShape, call)
        if (!asked.ok) return problems(asked.problems)
        const { minutes, by: who = 'at the box' } = asked.value
        const failed = await installing.openPairing(minutes, who)
        return done({ failed })
      },
    },
  ]
}

const refuse = (list: readonly RowProblem[], status = 400): Answer =>
  json({ ok: false, problems: [...list] } satisfies ImportAnswer, status)

async function importList(installing: Installing, { body, query, caller }: Call): Promise<Answer> {
  // Loaded on first use, with the parsers of CSV and XLSX.
  const { readTable } = await import('./read-table.ts')
  const table = readTable(body)
  if (!table.ok) return refuse(table.problems)
  const isTrial = query.get('trial') !== null
  return takeRows(installing, table.value, { isTrial, by: caller.name ?? 'at the box', what: 'import' })
}

function addOne(installing: Installing, call: Call): Promise<Answer> | Answer {
  const asked = parseBody(addShape, call, 16 * 1024)
  if (!asked.ok) return problems(asked.problems)
  const { device, by: who = 'at the box' } = asked.value
  const given = Object.entries(device).filter(([, value]) => value.trim() !== '')
  const table = [
    { row: 1, cells: given.map(([key]) => key) },
    { row: 2, cells: given.map(([, value]) => value.trim()) },
  ]
  return takeRows(installing, table, { isTrial: false, by: who, what: 'add a device' })
}

async function takeRows(
  installing: Installing,
  table: Parameters<typeof readDeviceRows>[0],
  { isTrial, by: who, what }: { isTrial: boolean; by: string; what: string },
): Promise<Answer> {
  const { config, centreConfig } = installing
  if (!centreConfig)
    return refuse(bad('this box was given no file to keep a change beside 无配置文件').problems)
  const list = readDeviceRows(table, config)
  if (!list.ok) return refuse(list.problems)
  const { devices, zones } = list.value
  const plan = {
    devices: devices.length,
    zones: zones.map(({ id, name }) => scalarText(name) ?? id),
    isTrial,
  }
  if (isTrial) return json({ ok: true, plan } satisfies ImportAnswer)
  const entries = devices.map(({ entry }) => entry)
  const made = await makeCredentials(installing, entries.filter(connectsItself))
  const set = {
    ...Object.fromEntries(zones.map((zone) => [`zones.${zone.id}`, zone])),
    ...Object.fromEntries(entries.map((entry) => [`devices.${entry.id}`, entry])),
    ...passwordFileOf(installing),
  }
  const change = {
    by: who,
    what: `${what}: ${devices.length}`,
    atMs: installing.wallMs(),
    set,
    passwords: made.hashes,
  }
  const changed = centreConfig.changeSettings(change)
  if (!changed.ok) return refuse(changed.problems.map((problem) => atRow(problem, devices)))
  return finish(installing, what, who, made, plan)
}

/** Keys of one device's entry, wherever the entry is; an empty text leaves the key out. */
function editOne(installing: Installing, call: Call): Answer {
  const asked = parseBody(editShape, call)
  if (!asked.ok) return problems(asked.problems)
  const { device: id, by: who = 'at the box', set } = asked.value
  const { centreConfig } = installing
  const written = centreConfig?.written()
  if (!centreConfig || !written) return problems(bad('no configuration file 无配置文件').problems)
  if (!written.ok) return problems(written.problems)
  const { devices } = written.value.raw
  const list: unknown[] = Array.isArray(devices) ? devices : []
  const entry = list.find((one) => isObject(one) && one['id'] === id)
  if (!isObject(entry)) return problems(bad(`there is no device “${id}” 没有该设备`, 'device').problems)
  const merged = Object.entries({ ...entry, ...set }).filter(([, value]) => value !== '')
  const key = `devices.${id}`
  const what = `change ${id}`
  const change = { by: who, what, atMs: installing.wallMs(), set: { [key]: Object.fromEntries(merged) } }
  const changed = centreConfig.changeSettings(change)
  if (!changed.ok) return problems(changed.problems)
  installing.note('devices-changed', { what, by: who, devices: 1 })
  installing.restart(what)
  return done()
}

interface Made {
  credentials: DeviceCredential[]
  hashes: Record<string, string>
}

async function makeCredentials(
  { newPassword }: Installing,
  devices: readonly { id: string }[],
): Promise<Made> {
  const made: Made = { credentials: [], hashes: {} }
  for (let from = 0; from < devices.length; from += hashesAtOnce) {
    const some = devices.slice(from, from + hashesAtOnce)
    const passwords = await Promise.all(some.map(() => newPassword()))
    some.forEach(({ id }, at) => {
      const one = passwords[at]
      if (!one) return
      made.credentials.push({ device: id, password: one.password })
      made.hashes[id] = one.hash
    })
  }
  return made
}

/** A box whose file names no password file gets one beside its data. */
const passwordFileOf = ({ config }: Installing): Record<string, unknown> =>
  config.mqtt.passwordFile === undefined ? { 'mqtt.passwordFile': `${config.dataDir}/passwords` } : {}

/** The row of a problem that the whole configuration has with an entry. */
function atRow(problem: Problem, devices: readonly { row: number; entry: Entry }[]): RowProblem {
  const [, id] = /^devices\.(\S+)/.exec(problem.path) ?? []
  const found = devices.find(({ entry }) => entry.id === id)
  return found ? { ...problem, row: found.row } : problem
}

async function finish(
  installing: Installing,
  what: string,
  who: string,
  { credentials }: Made,
  plan?: ImportAnswer['plan'],
): Promise<Answer> {
  // After a power cut in between, the next start places them.
  const placed = await installing.placePasswords()
  if (!placed.ok) installing.logger.warn({ problems: placed.problems }, 'the passwords of new devices wait')
  installing.note('devices-changed', { what, by: who, devices: plan?.devices ?? credentials.length })
  installing.restart(what)
  return json({
    ok: true,
    ...(plan ? { plan } : {}),
    credentials,
    connect: installing.connect(),
  } satisfies ImportAnswer)
}

async function renewCredentials(installing: Installing, call: Call): Promise<Answer> {
  const asked = parseBody(credentialShape, call, 64 * 1024)
  if (!asked.ok) return problems(asked.problems)
  const { devices: ids, by: who = 'at the box' } = asked.value
  const { config, centreConfig } = installing
  if (!centreConfig) return problems(bad('no configuration file 无配置文件').problems)
  const known = new Map(config.devices.map((device) => [device.id, device]))
  const wrong = ids.find((id) => !known.has(id) || known.get(id)?.via !== undefined)
  if (wrong !== undefined)
    return problems(
      bad(`“${wrong}” is no device that connects itself 不是直接连接的设备`, 'devices').problems,
    )
  // Under the name with which its hardware connects, after a replacement.
  const names = ids.map((id) => ({ id: known.get(id)?.connectsAs ?? id }))
  const made = await makeCredentials(installing, names)
  const changed = centreConfig.changeSettings({
    by: who,
    what: `credentials: ${ids.length}`,
    atMs: installing.wallMs(),
    set: passwordFileOf(installing),
    passwords: made.hashes,
  })
  return changed.ok ? finish(installing, 'credentials', who, made) : problems(changed.problems)
}
