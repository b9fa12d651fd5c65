// The API's messages about cases as zod schemas; the compiler compares them with the types of protocols.
import { z } from 'zod'
import { alarmKinds } from '../../../protocols/domain/alarm.ts'
import { actionTypes, caseEventKinds, caseOutcomes, caseStates } from '../../../protocols/domain/case.ts'
import { acceptReasons, caseAskKinds } from '../../../protocols/desk/cases.ts'
import { colours } from '../../../protocols/domain/colour.ts'
import { isBoxId } from '../../../protocols/domain/names.ts'
import { caseSteps } from '../../../protocols/domain/step-limits.ts'
import { newLinks } from '../people/response-schemas.ts'
import { alarmIdParams, deskAlarmSchema, findQuery, pageMax } from '../schemas.ts'

const ms = z.number().describe('ms since 1970')
const count = z.number().int().min(0)
/** Texts by people: bounded, so that one case stays at a few KB. */
const words = z.string().max(2000)
const name = z.string().min(1).max(80)
const bilingual = z.object({ zh: z.string(), en: z.string() })
const bilingualGiven = z.strictObject({ zh: z.string().min(1).max(500), en: z.string().min(1).max(500) })

export const caseIdPattern = /^case-\d{1,15}$/
export const caseIdSchema = z.string().regex(caseIdPattern)
const indexOfEntry = z.number().int().min(0).max(1000).default(0)

/** Bodies of the steps; each may be omitted if its defaults are enough. */
export const stepBodies = {
  claim: z.strictObject({}).prefault({}),
  accept: z.strictObject({}).prefault({}),
  release: z.strictObject({ text: words.default('') }).prefault({}),
  report: z.strictObject({ to: name.default('county'), text: words.default('') }).prefault({}),
  dispatch: z.strictObject({ to: z.array(name).max(20).default([]), text: words.default('') }).prefault({}),
  arrive: z.strictObject({ index: indexOfEntry }).prefault({}),
  cannot: z.strictObject({ index: indexOfEntry, text: words.default('') }).prefault({}),
  feedback: z
    .strictObject({ text: words.default(''), outcome: z.enum(caseOutcomes).default('real') })
    .prefault({}),
  verify: z.strictObject({ isGood: z.boolean().default(true), text: words.default('') }).prefault({}),
  archive: z.strictObject({ text: words.default('') }).prefault({}),
  note: z.strictObject({ text: words.min(1) }),
  action: z.strictObject({ action: name, value: words.default('') }),
  call: z.strictObject({ to: name, text: words.default('') }),
  'on-test': z.strictObject({
    minutes: z
      .number()
      .int()
      .min(1)
      .max(8 * 60),
    text: words.min(1),
  }),
  'pre-cancel': z.strictObject({ text: words.min(1) }),
  'hand-over': z.strictObject({ to: name, text: words.default('') }),
  instruct: z.strictObject({ text: z.string().min(1).max(300) }),
  'take-back': z.strictObject({ text: words.default('') }).prefault({}),
} as const
export type CaseStepName = keyof typeof stepBodies

export const mergeBody = z.strictObject({ from: caseIdSchema })
export const splitBody = z.strictObject({ alarms: z.array(alarmIdParams.shape.id).min(1).max(200) })
export const planBody = z.strictObject({ plan: name, step: name.optional() })
export const openBody = z.strictObject({
  village: z.string().refine(isBoxId, 'the id of a village'),
  box: z.string().refine(isBoxId, 'the id of a box').optional(),
  kind: z.enum(alarmKinds),
  colour: z.enum(colours),
  text: words.min(1),
  isDrill: z.boolean().default(false),
})

export const casesQuery = z.strictObject({
  state: z.enum(['open', 'over', 'all']).default('open'),
  ...findQuery,
  village: z.string().max(48).optional(),
  holder: z.string().max(64).optional(),
  colour: z.enum(colours).optional(),
  step: z.enum(caseStates).optional(),
  after: z.string().max(40).optional(),
  limit: z.coerce.number().int().min(1).max(pageMax).default(200),
})
export const historyQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(pageMax).default(200),
})

const deadline = z.object({
  step: z.enum(caseSteps),
  sinceMs: ms,
  dueAtMs: ms.optional(),
  level: z.number().int().min(0).max(3).describe('0 off, 1 amber, 2 red, 3 supervisor called'),
})
const person = z.object({ who: z.string(), atMs: ms })
const actionSchema = z.object({
  id: z.string(),
  type: z.enum(actionTypes),
  label: bilingual,
  isRequired: z.boolean(),
  done: person.extend({ value: z.string() }).optional(),
})

export const caseSchema = z.looseObject({
  id: caseIdSchema,
  village: z.string(),
  box: z.string().optional(),
  title: bilingual,
  colour: z.enum(colours),
  state: z.enum(caseStates),
  isDrill: z.boolean(),
  openedAtMs: ms,
  changedAtMs: ms,
  needsAnswer: z.boolean(),
  holder: z.string().optional(),
  actions: z.array(actionSchema),
})

const ask = z.object({
  what: z.enum(caseAskKinds),
  why: z.enum(acceptReasons).optional(),
  who: z.array(z.string()).optional(),
  names: z.array(bilingual).optional(),
})

export const caseSummarySchema = z.object({
  id: caseIdSchema,
  village: z.string(),
  villages: z.array(z.string()).optional(),
  kind: z.enum(alarmKinds).optional(),
  box: z.string().optional(),
  title: bilingual,
  colour: z.enum(colours),
  state: z.enum(caseStates),
  isDrill: z.boolean(),
  isOnTest: z.boolean(),
  isPreCancelled: z.boolean(),
  needsAnswer: z.boolean(),
  holder: z.string().optional(),
  claimedBy: z.string().optional(),
  openedAtMs: ms,
  changedAtMs: ms,
  deadlines: z.array(deadline),
  alarms: count,
  openActions: count,
  next: ask.optional().describe('what the case waits for'),
  handedTo: z.string().optional(),
  handledBefore: count.optional(),
  lastOutcome: z.enum(caseOutcomes).optional(),
})

const eventSchema = z.object({
  what: z.enum(caseEventKinds),
  who: z.string(),
  atMs: ms,
  text: z.string(),
  subject: z.string().optional(),
  position: count.optional(),
})

const planSchema = z.object({
  id: z.string(),
  label: bilingual,
  steps: z.array(
    z.object({
      id: z.string(),
      do: z.enum(['call', 'command', 'dispatch']),
      label: bilingual,
      to: z.string().optional(),
    }),
  ),
})

export const casesAnswer = z.object({ cases: z.array(caseSummarySchema), next: z.string().optional() })
export const caseAnswer = z.object({
  case: caseSchema,
  deadlines: z.array(deadline),
  asks: z.object({ next: ask, beforeArchive: z.array(ask) }).optional(),
  history: z.array(eventSchema).optional(),
  plans: z.array(planSchema).optional(),
  place: z.object({ utcOffsetMin: z.number().optional(), grid: z.string().optional() }).optional(),
  alarms: z.array(deskAlarmSchema).optional(),
  links: newLinks.optional(),
})
export const alarmCaseAnswer = z.object({
  alarm: deskAlarmSchema,
  case: caseSchema.optional(),
  links: newLinks.optional(),
})
export const historyAnswer = z.object({ history: z.array(eventSchema), next: count.optional() })

const listedAction = z.strictObject({
  id: name,
  type: z.enum(actionTypes),
  label: bilingualGiven,
  isRequired: z.boolean().default(false),
})
const planStep = z.discriminatedUnion('do', [
  z.strictObject({ id: name, do: z.literal('call'), to: name, label: bilingualGiven }),
  z.strictObject({
    id: name,
    do: z.literal('dispatch'),
    to: z.array(name).min(1).max(20),
    label: bilingualGiven,
  }),
  z.strictObject({
    id: name,
    do: z.literal('command'),
    command: z.record(z.string(), z.unknown()),
    label: bilingualGiven,
  }),
])
const actionList = z.strictObject({
  kind: z.union([z.enum(alarmKinds), z.literal('*')]),
  scope: z.enum(['kind', 'town', 'village', 'household']),
  place: z.string().max(120).default(''),
  guidance: bilingualGiven.optional(),
  actions: z.array(listedAction).max(30).optional(),
  without: z.array(name).max(30).optional(),
  plans: z
    .array(z.strictObject({ id: name, label: bilingualGiven, steps: z.array(planStep).min(1).max(20) }))
    .max(10)
    .optional(),
})
export const actionListsBody = z.strictObject({ lists: z.array(actionList).max(2000) })
export const actionListsAnswer = z.object({
  version: count,
  lists: z.array(z.looseObject({ kind: z.string() })),
})
export const versionAnswer = z.object({ version: count })
