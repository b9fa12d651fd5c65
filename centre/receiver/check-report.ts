// The hand-written equivalent of `reportSchema`: a Report is checked for every record a box sends. A property test
// compares the results of both. A bad Report of 1,000 records takes 1.9 ms here and 112.7 ms by the schema (docs/decisions/035).
import { alarmChanges, alarmStates, boxAlarmKinds } from '../../protocols/domain/alarm.ts'
import { colours, lanes } from '../../protocols/domain/colour.ts'
import { clockQualities } from '../../protocols/domain/event.ts'
import {
  bootMax,
  isWallMs,
  laneNumberMax,
  nestingMax,
  occurrencesMax,
  sequenceMax,
  sinceBootMsMax,
  textLengths,
} from '../../protocols/domain/limits.ts'
import { deviceIdPattern, messageIdPattern } from '../../protocols/domain/names.ts'
import { fromZod } from '../../protocols/kit/from-zod.ts'
import { isNestedDeeper, isObject } from '../../protocols/kit/parse-json.ts'
import { bad, ok, type Result } from '../../protocols/kit/result.ts'
import { alarmPlaceSchema, reportRecordsMax, type Report } from '../../protocols/uplink/report.ts'

type Fields = Record<string, unknown>
type Check = (value: unknown) => boolean

const oneOf = (words: readonly string[]): Check => {
  const known = new Set<unknown>(words)
  return (value) => known.has(value)
}
const isCounter =
  (max: number): Check =>
  (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max
const isNumber: Check = (value) => Number.isFinite(value)
const isSequence = isCounter(sequenceMax)
const isLaneNumber = isCounter(laneNumberMax)
const isSinceBootMs: Check = (value) => typeof value === 'number' && value >= 0 && value <= sinceBootMsMax
/** One level is the object itself. */
const isReadings: Check = (value) => isObject(value) && !isNestedDeeper(value, nestingMax + 1)
const isText =
  (lengthMax: number): Check =>
  (value) =>
    typeof value === 'string' && value.length <= lengthMax
const matches =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value)
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)

const isClock = oneOf(clockQualities)
const isColour = oneOf(colours)
const isKind = oneOf(boxAlarmKinds)
const isState = oneOf(alarmStates)
const isChange = oneOf(alarmChanges)
const isLaneName = oneOf(lanes)
const isDevice = matches(deviceIdPattern)
const isMessageId = matches(messageIdPattern)
const isAlarmId = matches(/^[A-Za-z0-9._-]{1,80}$/)
const isEpoch = matches(/^[a-z0-9]{8,32}$/)

/** The first field of `fields` that fails its check. */
function findWrong(value: Fields, fields: readonly (readonly [string, Check])[]): string | undefined {
  for (const [name, check] of fields) if (!check(value[name])) return name
  return undefined
}

const isBilingual: Check = (value) =>
  isObject(value) && isText(textLengths.alarm)(value['zh']) && isText(textLengths.alarm)(value['en'])

const alarmFields: readonly (readonly [string, Check])[] = [
  ['id', isAlarmId],
  ['device', isDevice],
  ['kind', isKind],
  ['variant', optional(isText(textLengths.variant))],
  ['colour', isColour],
  ['latchedColour', isColour],
  ['state', isState],
  ['occurrences', isCounter(occurrencesMax)],
  ['zone', optional(isText(textLengths.zone))],
  ['place', optional((value) => fromZod(alarmPlaceSchema, value).ok)],
  ['text', isBilingual],
  ['readings', optional(isReadings)],
  ['isDrill', optional((value) => typeof value === 'boolean')],
]
const isAlarm: Check = (value) => isObject(value) && findWrong(value, alarmFields) === undefined

const isString: Check = (value) => typeof value === 'string'
const asideFields: readonly (readonly [string, Check])[] = [
  ['path', isString],
  ['value', isString],
  ['reason', isString],
]
const isSetAside: Check = (value) =>
  Array.isArray(value) && value.every((one) => isObject(one) && findWrong(one, asideFields) === undefined)

const isPlace: Check = (value) => isObject(value) && isEpoch(value['epoch']) && isSequence(value['sequence'])

const timeFields: readonly (readonly [string, Check])[] = [
  ['sequence', isSequence],
  ['boot', isCounter(bootMax)],
  ['sinceBootMs', isSinceBootMs],
  ['atMs', isWallMs],
  ['clock', isClock],
  ['was', optional(isPlace)],
]
const fieldsByType = new Map<unknown, readonly (readonly [string, Check])[]>([
  [
    'event',
    [
      ['device', isDevice],
      ['messageId', isMessageId],
      ['readings', isReadings],
      ['deviceAtMs', optional(isNumber)],
      ['setAside', optional(isSetAside)],
    ],
  ],
  [
    'alarm',
    [
      ['change', isChange],
      ['alarm', isAlarm],
      ['cause', optional(isSequence)],
    ],
  ],
  [
    'log',
    [
      ['what', isText(textLengths.logWord)],
      ['facts', optional(isReadings)],
    ],
  ],
])

/** Fields that are checked above, nesting included, or that can not be nested. */
const flatFields = new Set(
  [...timeFields, ...[...fieldsByType.values()].flat()].map(([name]) => name).concat('type'),
)
const flatAlarmFields = new Set(alarmFields.map(([name]) => name))

/** Unknown fields of a newer box are kept, and must not be nested deeper than the rest. */
function findDeep(record: Fields): string | undefined {
  for (const name in record)
    if (!flatFields.has(name) && isNestedDeeper(record[name], nestingMax + 1)) return name
  const alarm = record['alarm']
  if (record['type'] !== 'alarm' || !isObject(alarm)) return undefined
  for (const name in alarm)
    if (!flatAlarmFields.has(name) && isNestedDeeper(alarm[name], nestingMax + 1)) return `alarm.${name}`
  const text = alarm['text']
  return isNestedDeeper(text, nestingMax + 1) || isNestedDeeper(record['was'], nestingMax + 1)
    ? 'text'
    : undefined
}

/** The first field that no box writes like this. */
export function findWrongInRecord(record: unknown): string | undefined {
  if (!isObject(record)) return 'an object was expected'
  const fields = fieldsByType.get(record['type'])
  if (!fields) return 'type'
  return findWrong(record, timeFields) ?? findWrong(record, fields) ?? findDeep(record)
}

const isSkipped: Check = (value) =>
  isObject(value) &&
  isLaneNumber(value['from']) &&
  isLaneNumber(value['to']) &&
  isText(textLengths.reason)(value['reason'])

const isSkippedList: Check = (value) => Array.isArray(value) && value.length <= 100 && value.every(isSkipped)

/** The value itself, unchanged, when it is a Report. Never throws. */
export function checkReport(value: unknown): Result<Report> {
  if (!isObject(value)) return bad('an object was expected')
  if (value['v'] !== 1) return bad('1 was expected', 'v')
  if (!isEpoch(value['epoch'])) return bad('lower-case letters and digits, 8 to 32', 'epoch')
  if (!isLaneName(value['lane'])) return bad('the name of a lane', 'lane')
  if (!isLaneNumber(value['first'])) return bad('a whole number from 1', 'first')
  if (!optional(isSkippedList)(value['skipped'])) return bad('at most 100 {from, to, reason}', 'skipped')
  const records = value['records']
  if (!Array.isArray(records) || records.length > reportRecordsMax)
    return bad(`a list of at most ${reportRecordsMax} records`, 'records')
  for (let i = 0; i < records.length; i++) {
    const wrong = findWrongInRecord(records[i])
    if (wrong !== undefined) return bad(`not as a record has it: ${wrong}`, `records.${i}`)
  }
  return ok(value as unknown as Report)
}
