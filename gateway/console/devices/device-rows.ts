// Turns a table into devices and zones, with every error by row and column: pure. All rows count, or none.
import { lookup } from '../../../protocols/kit/parse-json.ts'
import { deviceSchema, type DeviceKind } from '../../config/alarm-settings.ts'
import { hardwareKey } from '../../config/plain-address.ts'
import { deviceIdPattern } from '../../../protocols/domain/names.ts'
import { fromZod } from '../../../protocols/kit/from-zod.ts'
import type { TableRow } from './read-sheet.ts'

/** Devices of one list; at 500 a box is large. */
export const rowsMax = 2000
/** Errors of one answer; the rest is only counted. */
const problemsMax = 200

export interface RowProblem {
  row?: number
  /** The heading of the column. */
  column?: string
  path: string
  message: string
}

/** What a column means; the first name is the one in the template. */
const columns = {
  id: ['id', '编号', '设备编号', 'device', 'device id'],
  kind: ['kind', '类型', '设备类型', 'type'],
  zone: ['zone', '防区', '区域', '户', '住户', 'household', 'place'],
  name: ['name', '名称', '设备名称'],
  address: ['address', '地址', '硬件地址', '序列号', 'serial', 'serial number', 'deveui', 'ieee', 'mac'],
  via: ['via', '网桥', 'bridge'],
  dialect: ['dialect', '方言'],
  base: ['base', '主题'],
  codec: ['codec', '解码器'],
  phone: ['phone', '电话', '联系电话', 'telephone'],
  lampPost: ['lamppost', '灯杆', '灯杆号', 'lamp post'],
  reportIntervalS: ['reportintervals', '上报间隔', '上报间隔（秒）', '上报间隔(秒)', 'report interval'],
  emergency: ['emergency', '求助类型'],
  isEntry: ['isentry', '出入口'],
  isAlwaysConnected: ['isalwaysconnected', '常连'],
  mountingHeightMm: ['mountingheightmm', '安装高度', '安装高度（毫米）'],
  nearWarningMm: ['nearwarningmm', '接近警戒'],
  warningMm: ['warningmm', '警戒', '警戒水位'],
  guaranteeMm: ['guaranteemm', '保证', '保证水位'],
  historicMm: ['historicmm', '历史最高', '历史最高水位'],
} as const
type Column = keyof typeof columns
const numbers: readonly Column[] = [
  'reportIntervalS',
  'mountingHeightMm',
  'nearWarningMm',
  'warningMm',
  'guaranteeMm',
  'historicMm',
]
const waterColumns: readonly Column[] = ['nearWarningMm', 'warningMm', 'guaranteeMm', 'historicMm']
const yesNo: readonly Column[] = ['isEntry', 'isAlwaysConnected']

/** Largest file of a list. */
export const listBytesMax = 5 * 1024 * 1024

const kindWords: Readonly<Record<string, DeviceKind>> = lookup({
  按钮: 'button',
  报警按钮: 'button',
  紧急按钮: 'button',
  门磁: 'contact',
  门: 'contact',
  窗磁: 'contact',
  水位: 'water',
  水位计: 'water',
  人体感应: 'motion',
  红外: 'motion',
  烟感: 'smoke',
  烟雾: 'smoke',
  燃气: 'gas',
  漏水: 'leak',
  水浸: 'leak',
  警号: 'siren',
  灯: 'lamp',
  显示屏: 'sign',
  喇叭: 'loudspeaker',
  中继: 'hub',
  摄像机: 'camera',
  其他: 'other',
})

export interface ListPlace {
  devices: readonly { id: string; address?: string | undefined }[]
  zones: readonly { id: string; name?: string | undefined }[]
}

export interface DeviceList {
  /** In the form of `devices[]` and `zones[]`. */
  devices: { row: number; entry: { id: string } & Record<string, unknown> }[]
  zones: ({ id: string } & Record<string, unknown>)[]
}

const plainHeading = (text: string): string => text.normalize('NFKC').trim().toLowerCase()

function columnOf(heading: string): Column | undefined {
  const plain = plainHeading(heading)
  return (Object.keys(columns) as Column[]).find((name) =>
    columns[name].some((one) => plainHeading(one) === plain),
  )
}

interface Reading {
  headings: (string | undefined)[]
  meaning: (Column | undefined)[]
  problems: RowProblem[]
  hidden: number
}

function report(reading: Reading, problem: RowProblem): void {
  if (reading.problems.length < problemsMax) reading.problems.push(problem)
  else reading.hidden++
}

/** The devices, or every error. */
export function readDeviceRows(
  table: readonly TableRow[],
  place: ListPlace,
): { ok: true; value: DeviceList } | { ok: false; problems: RowProblem[] } {
  const [head, ...rows] = table
  const reading: Reading = { headings: [], meaning: [], problems: [], hidden: 0 }
  for (const heading of head?.cells ?? []) {
    const column = columnOf(heading)
    const isTwice = column !== undefined && reading.meaning.includes(column)
    reading.headings.push(heading)
    reading.meaning.push(column)
    const at = { row: head?.row ?? 1, column: heading, path: '' }
    if (heading !== '' && !column)
      report(reading, { ...at, message: 'a heading that no column has 不认识的列名' })
    if (isTwice) report(reading, { ...at, message: 'this column is there already 列名重复' })
  }
  if (!reading.meaning.includes('kind'))
    report(reading, {
      row: head?.row ?? 1,
      path: '',
      message: 'a column “kind” (类型) is needed 缺少“类型”列',
    })
  if (rows.length === 0)
    report(reading, { path: '', message: 'no device below the headings 标题行下没有设备' })
  if (rows.length > rowsMax) report(reading, { path: '', message: `more than ${rowsMax} devices 设备过多` })
  if (reading.problems.length > 0) return { ok: false, problems: reading.problems }
  const list = new ListBuilder(reading, place, rows)
  for (const row of rows) list.add(row)
  if (reading.hidden > 0)
    reading.problems.push({
      path: '',
      message: `and ${reading.hidden} more errors 另有 ${reading.hidden} 处错误`,
    })
  return reading.problems.length > 0
    ? { ok: false, problems: reading.problems }
    : { ok: true, value: { devices: list.devices, zones: list.zones } }
}

class ListBuilder {
  readonly devices: DeviceList['devices'] = []
  readonly zones: DeviceList['zones'] = []
  readonly #reading: Reading
  readonly #ids: Map<string, number>
  readonly #addresses: Map<string, number>
  readonly #zoneIds = new Map<string, string>()
  readonly #takenZones: Set<string>
  /** Ids that rows of this list name themselves. */
  readonly #named: Set<string>

  constructor(reading: Reading, { devices, zones }: ListPlace, rows: readonly TableRow[]) {
    this.#reading = reading
    const idColumn = reading.meaning.indexOf('id')
    this.#named = new Set(rows.map(({ cells }) => cells[idColumn] ?? ''))
    this.#ids = new Map(devices.map(({ id }) => [id, 0]))
    this.#addresses = new Map(
      devices.flatMap(({ address }) => (address === undefined ? [] : [[hardwareKey(address), 0]])),
    )
    this.#takenZones = new Set(zones.map(({ id }) => id))
    // A name counts before an id that looks the same.
    for (const { id } of zones) this.#zoneIds.set(id, id)
    for (const { id, name } of zones) if (name !== undefined) this.#zoneIds.set(name, id)
  }

  add({ row, cells }: TableRow): void {
    const given: Partial<Record<Column, string>> = {}
    cells.forEach((text, at) => {
      const column = this.#reading.meaning[at]
      if (column && text !== '') given[column] = text
      if (!column && text !== '' && at >= this.#reading.headings.length)
        this.#problem(row, undefined, 'a value to the right of the last heading 超出标题行的内容')
    })
    const entry = this.#entryOf(row, given)
    const parsed = fromZod(deviceSchema, entry)
    if (!parsed.ok)
      for (const { path, message } of parsed.problems)
        this.#problem(row, path.split('.').at(-1) as Column, message)
    this.#once(row, 'id', entry.id, this.#ids)
    if (given.address !== undefined) this.#once(row, 'address', hardwareKey(given.address), this.#addresses)
    this.devices.push({ row, entry })
  }

  #problem(row: number, column: Column | undefined, message: string): void {
    const at = column === undefined ? -1 : this.#reading.meaning.indexOf(column)
    const heading = this.#reading.headings[at] ?? column
    report(this.#reading, { row, ...(heading === undefined ? {} : { column: heading }), path: '', message })
  }

  #once(row: number, column: Column, value: string, seen: Map<string, number>): void {
    const before = seen.get(value)
    if (before !== undefined)
      this.#problem(
        row,
        column,
        before === 0
          ? `“${value}” is there already 已有该设备`
          : `“${value}” is in row ${before} already 与第 ${before} 行重复`,
      )
    else seen.set(value, row)
  }

  #entryOf(row: number, given: Partial<Record<Column, string>>): { id: string } & Record<string, unknown> {
    const kind = kindWords[given.kind ?? ''] ?? given.kind?.toLowerCase()
    const zone = given.zone === undefined ? undefined : this.#zoneOf(given.zone, given.lampPost)
    const plain: Record<string, unknown> = { ...given, kind, zone }
    for (const name of numbers)
      if (given[name] !== undefined) plain[name] = this.#number(row, name, given[name])
    for (const name of yesNo) if (given[name] !== undefined) plain[name] = this.#isYes(row, name, given[name])
    const water = Object.fromEntries(
      waterColumns.flatMap((name) => (plain[name] === undefined ? [] : [[name, plain[name]]])),
    )
    for (const name of [...waterColumns, 'lampPost']) delete plain[name]
    const id = given.id ?? this.#freeId(typeof kind === 'string' ? kind : 'device')
    const entry = { ...plain, id, ...(Object.keys(water).length > 0 ? { water } : {}) }
    return Object.fromEntries(
      Object.entries(entry).filter(([, value]) => value !== undefined),
    ) as typeof entry
  }

  #number(row: number, column: Column, text: string): number | undefined {
    const plain = text.normalize('NFKC').replace(/^(-?\d+),(\d+)$/, '$1.$2')
    if (/^-?\d+(\.\d+)?$/.test(plain)) return Number(plain)
    this.#problem(row, column, `a number is expected, not “${text}” 应为数字`)
    return undefined
  }

  #isYes(row: number, column: Column, text: string): boolean | undefined {
    if (/^(true|yes|y|1|是)$/i.test(text)) return true
    if (/^(false|no|n|0|否)$/i.test(text)) return false
    this.#problem(row, column, `yes or no is expected, not “${text}” 应为是或否`)
    return undefined
  }

  /** A zone by its name or id; one that is not there yet is made. */
  #zoneOf(text: string, lampPost: string | undefined): string {
    const known = this.#zoneIds.get(text)
    if (known !== undefined) return known
    let id = deviceIdPattern.test(text) ? text : ''
    for (let n = 1; id === '' || this.#takenZones.has(id); n++) id = `zone-${String(n).padStart(3, '0')}`
    this.#takenZones.add(id)
    this.#zoneIds.set(text, id)
    const name = text.slice(0, 120)
    this.zones.push({ id, ...(name === id ? {} : { name }), ...(lampPost ? { place: { lampPost } } : {}) })
    return id
  }

  #freeId(kind: string): string {
    const base = deviceIdPattern.test(kind) ? kind : 'device'
    for (let n = 1; ; n++) {
      const id = `${base}-${String(n).padStart(3, '0')}`
      if (!this.#ids.has(id) && !this.#named.has(id)) return id
    }
  }
}
