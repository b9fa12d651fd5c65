// The first start: which steps are done follows from the state of the box, so it goes on after a power cut where it was.
import { z } from 'zod'
import { setupSteps, type SetupAnswer } from '../../../protocols/console/installing.ts'
import { parseVillageCode, provinceOf } from '../../../protocols/console/division-code.ts'
import { isTimeZone } from '../../../protocols/domain/time-zone.ts'
import { parseEnrolmentCode, parseEnrolmentUrl } from '../../../protocols/enrolment/enrolment-code.ts'
import { bad, ok, type Result } from '../../../protocols/kit/result.ts'
import { enrolWithCentre, type EnrolOptions } from '../../config/enrolment/enrol-with-centre.ts'
import {
  newBoxId,
  placeEnrolledFiles,
  readEnrolled,
  restoreEnrolled,
} from '../../config/enrolment/enrolled-file.ts'
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
import { runLinkTest } from './link-test.ts'
import { networkFacts } from './network-facts.ts'

const by = z.string().min(1).max(80).optional()
const languageShape = z.strictObject({ language: z.enum(['zh', 'en']), by })
const villageShape = z.strictObject({
  code: z.string().max(40),
  number: z.int().min(1).max(999).default(1),
  name: z.string().trim().min(1).max(120),
  by,
})
const uplinkShape = z.strictObject({
  code: z.string().min(1).max(600),
  centre: z.string().max(300).optional(),
  by,
})
const timeShape = z.strictObject({
  timeZone: z.string().max(64).refine(isTimeZone, 'a time zone by name'),
  by,
})
const stepShape = z.strictObject({ step: z.enum([...setupSteps, 'finish']), by })

const noFile = (): Answer =>
  problems(bad('this box was given no file to keep a change beside 无配置文件').problems)

export function setupRoutes(installing: Installing): Route[] {
  const post = (name: string, run: Route['run'], who = installers): Route => ({
    method: 'POST',
    path: new RegExp(`^/api/v1/setup/${name}$`),
    example: `/api/v1/setup/${name}`,
    who,
    run: (call) => (installing.centreConfig ? run(call) : noFile()),
  })
  const get = (name: string, run: Route['run'], who = signedIn): Route => ({
    method: 'GET',
    path: new RegExp(`^/api/v1/${name}$`),
    example: `/api/v1/${name}`,
    who,
    run,
  })
  return [
    get('setup', async () => json(await setupAnswer(installing)), installers),
    get('network', () => json(networkFacts(installing.port()))),
    get('link-test', async () =>
      json(await runLinkTest({ uplink: installing.config.uplink, health: installing.health })),
    ),
    post('language', (call) => setLanguage(installing, call)),
    post('village', (call) => setVillage(installing, call)),
    post('uplink', (call) => enrol(installing, call)),
    post('time', (call) => setTime(installing, call)),
    post('step', (call) => finishStep(installing, call)),
  ]
}

async function setupAnswer({ config, centreConfig, health }: Installing): Promise<SetupAnswer> {
  const { setup = { done: [], isFinished: false } } = centreConfig?.settings ?? {}
  const { id, name } = config.box
  const [, code, number] = /^(\d{12})-(\d+)$/.exec(id) ?? []
  const province = code === undefined ? undefined : provinceOf(code)
  const { link } = await health()
  const enrolled = readEnrolled(config.dataDir)
  return {
    v: 1,
    ...('language' in setup && setup.language ? { language: setup.language } : {}),
    village: {
      ...(code === undefined ? {} : { code, number: Number(number) }),
      ...(name === undefined || id === newBoxId ? {} : { name }),
      ...(province ? { province } : {}),
      isFromCentre: enrolled?.ok === true,
    },
    uplink: {
      ...(config.uplink ? { url: config.uplink.url } : {}),
      isEnrolled: enrolled?.ok === true,
      isConnected: link.state === 'connected',
      hasReceipt: link.lastReceiptAgoMs !== undefined,
    },
    timeZone: config.limits.timeZone,
    devices: config.devices.length,
    done: setupSteps.filter((step) => setup.done.includes(step) || (step === 'uplink' && enrolled?.ok)),
    isFinished: setup.isFinished,
  }
}

/** Notes a step as finished. */
function note({ centreConfig }: Installing, step: string, more: object = {}): Result<void> {
  if (!centreConfig) return ok(undefined)
  const { setup } = centreConfig.settings
  const steps = [...new Set([...setup.done, step])]
  return centreConfig.settings.setSetup({ ...setup, ...more, done: steps })
}

const answerOf = (result: Result<unknown>): Answer => (result.ok ? done() : problems(result.problems))

function setLanguage(installing: Installing, call: Call): Answer {
  const asked = parseBody(languageShape, call)
  return asked.ok
    ? answerOf(note(installing, 'language', { language: asked.value.language }))
    : problems(asked.problems)
}

/** A key that the box has already is not changed, so that a step that is sent again starts nothing anew. */
function change(
  installing: Installing,
  what: string,
  set: Record<string, unknown>,
  who: string,
): Result<void> {
  const { centreConfig, wallMs } = installing
  if (!centreConfig) return bad('no file')
  const changed = centreConfig.changeSettings({ by: who, what, atMs: wallMs(), set })
  if (!changed.ok) return changed
  installing.note('settings-changed', { what, by: who, keys: Object.keys(set) })
  installing.restart(what)
  return ok(undefined)
}

function setVillage(installing: Installing, call: Call): Answer {
  const asked = parseBody(villageShape, call)
  if (!asked.ok) return problems(asked.problems)
  const { number, name, by: who = 'at the box' } = asked.value
  const code = parseVillageCode(asked.value.code)
  if (!code.ok) return problems(code.problems)
  const { config } = installing
  const id = `${code.value}-${number}`
  const isEnrolled = readEnrolled(config.dataDir)?.ok === true
  if (isEnrolled && config.box.id !== id)
    return problems(
      bad(`the centre has enrolled this box as ${config.box.id} 中心登记的编号是 ${config.box.id}`, 'code')
        .problems,
    )
  const set = {
    ...(config.box.id === id ? {} : { 'box.id': id }),
    ...(config.box.name === name ? {} : { 'box.name': name }),
  }
  const changed = Object.keys(set).length === 0 ? ok(undefined) : change(installing, 'village', set, who)
  return answerOf(changed.ok ? note(installing, 'village') : changed)
}

function setTime(installing: Installing, call: Call): Answer {
  const asked = parseBody(timeShape, call)
  if (!asked.ok) return problems(asked.problems)
  const { timeZone, by: who = 'at the box' } = asked.value
  const isSame = installing.config.limits.timeZone === timeZone
  const changed = isSame
    ? ok(undefined)
    : change(installing, 'time zone', { 'limits.timeZone': timeZone }, who)
  return answerOf(changed.ok ? note(installing, 'time') : changed)
}

/** The address of a QR code, or a typed code and where the centre is. */
export function linkOf(typed: string, centre: string | undefined): Result<EnrolOptions['link']> {
  if (typed.includes('#')) return parseEnrolmentUrl(typed)
  const code = parseEnrolmentCode(typed)
  if (!code.ok) return { ok: false, problems: code.problems.map((one) => ({ ...one, path: 'code' })) }
  const place = (centre ?? '').trim()
  const url = place === '' || /^https?:\/\//.test(place) ? place : `https://${place}`
  if (!/^https?:\/\/[^\s#?]+$/.test(url))
    return bad('the address of the centre is needed with a typed code 输入上联码时还需要中心地址', 'centre')
  return ok({ code: code.value, centre: url.replace(/\/+$/, '') })
}

async function enrol(installing: Installing, call: Call): Promise<Answer> {
  const asked = parseBody(uplinkShape, call)
  if (!asked.ok) return problems(asked.problems)
  const link = linkOf(asked.value.code, asked.value.centre)
  if (!link.ok) return problems(link.problems)
  const { dataDir } = installing.config
  const before = readEnrolled(dataDir)
  const enrolled = await enrolWithCentre({ dataDir, link: link.value })
  if (!enrolled.ok) return problems(enrolled.problems, 409)
  // A file that names another box would keep the gateway from starting again.
  const fits = installing.centreConfig?.written()
  if (fits && !fits.ok) {
    restoreEnrolled(dataDir, before?.ok ? before.value : undefined)
    return problems(fits.problems, 409)
  }
  placeEnrolledFiles(dataDir, enrolled.value)
  const { box, name } = enrolled.value
  const noted = note(installing, 'uplink')
  installing.note('box-enrolled', { box, by: asked.value.by ?? 'at the box', centre: link.value.centre })
  installing.restart('the box was enrolled')
  return noted.ok ? done({ box, ...(name === undefined ? {} : { name }) }) : problems(noted.problems)
}

/** A step that a person puts off, or has looked at; or the end. */
function finishStep(installing: Installing, call: Call): Answer {
  const asked = parseBody(stepShape, call)
  if (!asked.ok) return problems(asked.problems)
  const { step } = asked.value
  return answerOf(
    step === 'finish' ? note(installing, 'devices', { isFinished: true }) : note(installing, step),
  )
}
