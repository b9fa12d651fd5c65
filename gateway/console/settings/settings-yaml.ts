// The settings of a box as YAML that a person can read, and back: the sections that the console may change.
import { stringify } from 'yaml'
import { parseConfigYaml } from '../../../platform/config-text.ts'
import { isDeepStrictEqual } from 'node:util'
import { isObject } from '../../../protocols/kit/parse-json.ts'
import { bad, ok, type Result } from '../../../protocols/kit/result.ts'

type Raw = Readonly<Record<string, unknown>>
const lists = ['zones', 'devices', 'rules', 'cameras'] as const

/** Without names of files, passwords and the way to the centre: it may be mailed. */
export function settingsYaml(raw: Raw): string {
  const { box } = raw
  const name = isObject(box) ? box['name'] : undefined
  const parts = {
    ...(name === undefined ? {} : { box: { name } }),
    ...(isObject(raw['limits']) ? { limits: raw['limits'] } : {}),
    ...Object.fromEntries(
      lists.flatMap((list) => (raw[list] === undefined ? [] : [[list, withoutFiles(list, raw[list])]])),
    ),
  }
  return `# Settings of a Gengfu box 更夫网关设置\n${stringify(parts)}`
}

/** The file with the password of a camera stays the matter of the box. */
const withoutFiles = (list: string, value: unknown): unknown =>
  list === 'cameras' && Array.isArray(value) ? value.map(withoutFile) : value

function withoutFile(entry: unknown): unknown {
  if (!isObject(entry)) return entry
  const { passwordFile: _file, ...rest } = entry
  return rest
}

/** An import names no file of the box: a camera keeps its own, as long as its address is the same. */
function withOwnFile(entry: unknown, before: unknown): unknown {
  const given = withoutFile(entry)
  if (!isObject(given) || !isObject(before) || before['passwordFile'] === undefined) return given
  const isSamePlace = ['host', 'port', 'tls', 'user'].every((key) => given[key] === before[key])
  return isSamePlace ? { ...given, passwordFile: before['passwordFile'] } : given
}

const byId = (value: unknown): Map<string, unknown> =>
  new Map(
    (Array.isArray(value) ? value : []).flatMap((entry: unknown) =>
      isObject(entry) && typeof entry['id'] === 'string' ? [[entry['id'], entry]] : [],
    ),
  )

/** The keys that differ from `raw`. A section that the text leaves out stays; an entry that a section leaves out goes. */
export function changesOfYaml(text: string, raw: Raw): Result<Record<string, unknown>> {
  const read = parseConfigYaml(text)
  if (!read.ok) return read
  if (!isObject(read.value)) return bad('a file that the console exported 应为控制台导出的文件')
  const { box, limits, ...rest } = read.value
  const unknown = Object.keys(rest).find((key) => !(lists as readonly string[]).includes(key))
  if (unknown !== undefined)
    return bad('the console imports box.name, limits, zones, devices, rules and cameras 不支持此项', unknown)
  const set: Record<string, unknown> = {}
  if (isObject(box) && box['name'] !== undefined) set['box.name'] = box['name']
  const own = isObject(raw['limits']) ? raw['limits'] : {}
  if (isObject(limits))
    for (const key of new Set([...Object.keys(own), ...Object.keys(limits)]))
      set[`limits.${key}`] = limits[key] ?? null
  for (const list of lists) {
    const given = rest[list]
    if (given === undefined) continue
    if (!Array.isArray(given)) return bad('a list is expected 应为列表', list)
    const [after, before] = [byId(given), byId(raw[list])]
    if (after.size < given.length) return bad('each entry has an id of its own 每项须有不重复的 id', list)
    for (const [id, entry] of after)
      set[`${list}.${id}`] = list === 'cameras' ? withOwnFile(entry, before.get(id)) : entry
    for (const id of before.keys()) if (!after.has(id)) set[`${list}.${id}`] = null
  }
  return ok(Object.fromEntries(Object.entries(set).filter(([key, value]) => !isSame(raw, key, value))))
}

function isSame(raw: Raw, key: string, value: unknown): boolean {
  const [section = '', ...rest] = key.split('.')
  const name = rest.join('.')
  const own = raw[section]
  const now = Array.isArray(own) ? byId(own).get(name) : isObject(own) ? own[name] : undefined
  return isDeepStrictEqual(now ?? null, value ?? null)
}
