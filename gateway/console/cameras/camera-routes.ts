// Cameras by forms: searched for in the village's network, tried with one picture, and saved with zones and masks. Checks are those of
// the file. A stored password is sent to the address for which it was stored and to no other one.
import { z } from 'zod'
import { cameraSettingsSchema, type CameraSettings } from '../../config/camera-settings.ts'
import { fromZod } from '../../../protocols/kit/from-zod.ts'
import { isObject } from '../../../protocols/kit/parse-json.ts'
import { bad, ok, type Result } from '../../../protocols/kit/result.ts'
import type { CameraTrialAnswer } from '../../../protocols/console/cameras.ts'
import type { Installing } from '../installing.ts'
import { parseBody } from '../routes/access-routes.ts'
import { done, installers, json, problems, type Answer, type Call, type Route } from '../routes/route.ts'
import type { CameraAccount, CameraWork } from './camera-work.ts'

const saveBytesMax = 64 * 1024
const by = z.string().min(1).max(80).optional()
const account = {
  user: z.string().max(200).optional(),
  /** Absent or empty: the one that the box has. */
  password: z.string().max(200).optional(),
}
const camera = z.record(z.string().max(40), z.unknown())
const findShape = z.strictObject({ by })
const tryShape = z.strictObject({ camera, ...account, by })
/** More than a village has, and less than a search finds in a strange network. */
const addMax = 32
const addShape = z.strictObject({ cameras: z.array(camera).min(1).max(addMax), ...account, by })
const removeShape = z.strictObject({ id: z.string().min(1).max(64), by })
/** Keys that the form has; the others of a camera stay as they are. */
const formKeys = [
  'id',
  'name',
  'zone',
  'host',
  'port',
  'tls',
  'user',
  'onvif',
  'snapshotPath',
  'streamPath',
  'rtspPort',
  'isPrivate',
  'events',
  'scheduleMinutes',
  'masks',
] as const
const placeKeys = ['host', 'port', 'tls'] as const

export interface CameraRouteOptions {
  installing: Installing
  work: CameraWork
}

export function cameraRoutes(options: CameraRouteOptions): Route[] {
  const post = (name: string, run: Route['run'], bytesMax?: number): Route => ({
    method: 'POST',
    path: new RegExp(`^/api/v1/cameras/${name}$`),
    example: `/api/v1/cameras/${name}`,
    who: installers,
    run,
    ...(bytesMax === undefined ? {} : { bytesMax }),
  })
  // One search and one trial at a time: each is a burst of work on a small box.
  let isBusy = false
  const alone =
    (run: Route['run']): Route['run'] =>
    async (call) => {
      if (isBusy) return problems(bad('another search or trial is running 正在查找或试拍').problems, 409)
      isBusy = true
      try {
        return await run(call)
      } finally {
        isBusy = false
      }
    }
  return [
    post(
      'find',
      alone(async (call) => {
        const asked = parseBody(findShape, call)
        return asked.ok ? done({ found: await options.work.find() }) : problems(asked.problems)
      }),
    ),
    post(
      'try',
      alone((call) => takeTrial(options, call)),
      saveBytesMax,
    ),
    post('save', (call) => save(options, call), saveBytesMax),
    post('add', (call) => addAll(options, call), saveBytesMax),
    post('remove', (call) => remove(options, call)),
  ]
}

type Given = Readonly<Record<string, unknown>>
interface Asked {
  given: Given
  settings: CameraSettings
  /** As it is configured now. */
  before: CameraSettings | undefined
  beforeRaw: Given | undefined
  typed: CameraAccount | undefined
  /** It answers elsewhere than before: the box's password is not for that address. */
  isElsewhere: boolean
  by: string
}

function readAsked(options: CameraRouteOptions, call: Call): Result<Asked> {
  const asked = parseBody(tryShape, call, saveBytesMax)
  return asked.ok ? readCamera(options, asked.value) : asked
}

function readCamera(
  { installing }: CameraRouteOptions,
  { camera: form, user, password, by: who = 'at the box' }: z.infer<typeof tryShape>,
): Result<Asked> {
  const foreign = Object.keys(form).find((key) => !(formKeys as readonly string[]).includes(key))
  if (foreign !== undefined) return bad('the console does not change this 控制台不能更改此项', foreign)
  const written = installing.centreConfig?.written()
  const list = written?.ok ? written.value.raw['cameras'] : undefined
  const beforeRaw = (Array.isArray(list) ? list : []).find(
    (one: unknown): one is Given => isObject(one) && one['id'] === form['id'],
  )
  const before = installing.config.cameras.find(({ id }) => id === form['id'])
  const merged = { ...beforeRaw, ...form, ...(user === undefined ? {} : { user }) }
  const entries = Object.entries(merged).filter(([, value]) => value !== null && value !== '')
  const given: Given = Object.fromEntries(entries)
  const parsed = fromZod(cameraSettingsSchema as z.ZodType<CameraSettings>, given)
  if (!parsed.ok) return parsed
  const typed =
    password === undefined || password === '' ? undefined : { user: parsed.value.user ?? '', password }
  const isElsewhere = before !== undefined && placeKeys.some((key) => before[key] !== parsed.value[key])
  return ok({ given, settings: parsed.value, before, beforeRaw, typed, isElsewhere, by: who })
}

async function takeTrial(options: CameraRouteOptions, call: Call): Promise<Answer> {
  const asked = readAsked(options, call)
  if (!asked.ok) return problems(asked.problems)
  const { settings, before, typed, isElsewhere, by: who } = asked.value
  const own = before && !isElsewhere ? await options.work.accountOf(before) : undefined
  // A picture of a person's home is shown: who asked for it is in the journal, as for every look.
  options.installing.note('camera-tried', { camera: settings.id, host: settings.host, by: who })
  const answer: CameraTrialAnswer = await options.work.takeTrial(settings, typed ?? own)
  return json(answer, answer.ok ? 200 : 502)
}

async function save(options: CameraRouteOptions, call: Call): Promise<Answer> {
  const { installing, work } = options
  const asked = readAsked(options, call)
  if (!asked.ok) return problems(asked.problems)
  const { given, settings, before, typed, isElsewhere, by: who } = asked.value
  const hadPassword = before !== undefined && (await work.accountOf(before)) !== undefined
  if (isElsewhere && hadPassword && !typed)
    return problems(
      bad('the address changed: type the password once more 地址已变，请再输一次密码', 'password').problems,
    )
  if (typed) {
    const reason = await work.storeAccount(settings.id, typed)
    if (reason) return problems([{ path: 'password', message: `${reason.text.en} ${reason.text.zh}` }], 409)
  }
  // A password that was typed here counts from now on, and not the one in a file.
  const { passwordFile, ...rest } = given
  const entry = typed || passwordFile === undefined ? rest : given
  return change(installing, `camera ${settings.id}`, who, { [settings.id]: entry })
}

/** New cameras with one account, which were found and tried: all of them, or none. */
async function addAll(options: CameraRouteOptions, call: Call): Promise<Answer> {
  const asked = parseBody(addShape, call, saveBytesMax)
  if (!asked.ok) return problems(asked.problems)
  const { cameras, ...account } = asked.value
  const entries: Record<string, Given> = {}
  const accounts = new Map<string, CameraAccount>()
  for (const [at, form] of cameras.entries()) {
    const read = readCamera(options, { camera: form, ...account })
    if (!read.ok) return problems(read.problems.map((one) => ({ ...one, path: `cameras.${at}.${one.path}` })))
    const { given, settings, before, typed } = read.value
    if (before || settings.id in entries)
      return problems(bad('there is such a camera already 已有此摄像机', `cameras.${at}.id`).problems)
    entries[settings.id] = given
    if (typed) accounts.set(settings.id, typed)
  }
  for (const [id, typed] of accounts) {
    const reason = await options.work.storeAccount(id, typed)
    if (reason) return problems([{ path: 'password', message: `${reason.text.en} ${reason.text.zh}` }], 409)
  }
  const ids = Object.keys(entries)
  const what = ids.length === 1 ? `camera ${ids[0] ?? ''}` : `${ids.length} cameras`
  return change(options.installing, what, account.by ?? 'at the box', entries)
}

function remove(options: CameraRouteOptions, call: Call): Answer {
  const asked = parseBody(removeShape, call)
  if (!asked.ok) return problems(asked.problems)
  const { id, by: who = 'at the box' } = asked.value
  if (!options.installing.config.cameras.some((one) => one.id === id))
    return problems(bad('there is no such camera 没有此摄像机', 'id').problems)
  return change(options.installing, `camera ${id}`, who, { [id]: null })
}

function change(
  { centreConfig, wallMs, note, restart }: Installing,
  what: string,
  who: string,
  entries: Readonly<Record<string, Given | null>>,
): Answer {
  if (!centreConfig)
    return problems(bad('this box was given no file to keep a change beside 无配置文件').problems)
  const set = Object.fromEntries(Object.entries(entries).map(([id, entry]) => [`cameras.${id}`, entry]))
  const changed = centreConfig.changeSettings({ by: who, what, atMs: wallMs(), set })
  if (!changed.ok) return problems(changed.problems)
  note('settings-changed', { what, by: who, keys: Object.keys(set).length })
  restart(what)
  return done()
}
