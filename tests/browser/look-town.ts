// A town on a difficult evening, for pictures of the desk: boxes that report alarms of every colour, a storm, drills,
// silent boxes.
import type { Alarm, AlarmKind, AlarmPlace } from '../../protocols/domain/alarm.ts'
import { alarmTable } from '../../protocols/domain/alarm-table.ts'
import type { Colour } from '../../protocols/domain/colour.ts'
import type { AlarmRecord } from '../../protocols/domain/record.ts'
import { TestBox, until, type CentreUnderTest } from '../contract/centre/centre-parts.ts'

const villages: [id: string, name: string][] = [
  ['320612104201-1', '上河村 Upper River'],
  ['320612104202-1', '下河村 Lower River'],
  ['stone-bridge-1', '石桥村 Stone Bridge'],
]
/** Known to the centre and never heard: entries to search on the page of villages. */
const others = Array.from({ length: 60 }, (_, index) => ({
  id: `3206121042${String(index + 10)}-1`,
  name: `${['东', '西', '南', '北', '中'][index % 5] ?? ''}${['湖', '山', '庄', '桥', '塘', '林'][index % 6] ?? ''}村 ${index + 10}`,
}))

export const config = { boxes: [...villages.map(([id, name]) => ({ id, name })), ...others] }

const utcOffsetMin = 480
const wang: AlarmPlace = {
  zone: '王奶奶家 Granny Wang',
  household: '12',
  device: '床头按钮 Bedside button',
  phone: '+86 138 0013 8000',
  grid: '3-7',
  sirens: ['晒谷场警号 Yard siren'],
  utcOffsetMin,
}
const people = [
  '李大爷家 Uncle Li',
  '张婶家 Aunt Zhang',
  '陈家 Chen family',
  '刘老师家 Teacher Liu',
  '赵家院 Zhao yard',
]
const things: [AlarmKind, Colour, string][] = [
  ['smoke', 'red', '厨房烟感 Kitchen smoke'],
  ['gas', 'red', '燃气报警器 Gas sensor'],
  ['water', 'orange', '南溪水位计 South creek gauge'],
  ['intrusion', 'orange', '供销社前门 Shop front door'],
  ['leak', 'yellow', '泵房漏水 Pump house leak'],
  ['device-silent', 'yellow', '祠堂门磁 Hall door'],
  ['mains-lost', 'yellow', '市电监测 Mains monitor'],
  ['device-battery-low', 'blue', '河边按钮 Riverside button'],
  ['camera-offline', 'blue', '村口摄像机 Gate camera'],
]

export async function connectVillages(url: string): Promise<TestBox[]> {
  const boxes: TestBox[] = []
  for (const [id] of villages) boxes.push(await new TestBox(url, id).ready())
  return boxes
}

interface Sequence {
  box: number
  lane: Colour
  number: number
}
const counted = new Map<string, number>()
let count = 0

function next(box: number, lane: Colour): Sequence {
  const key = `${box} ${lane}`
  const number = (counted.get(key) ?? 0) + 1
  counted.set(key, number)
  return { box, lane, number }
}

function record(
  colour: Colour,
  kind: AlarmKind,
  part: Partial<Alarm>,
  change: AlarmRecord['change'] = 'raised',
) {
  count += 1
  const alarm: Alarm = {
    id: `a${count}`,
    device: `${kind}-${count}`,
    kind,
    colour,
    latchedColour: colour,
    state: 'unacknowledged',
    occurrences: 1,
    text: textOf(kind, part),
    ...part,
  }
  const time = { boot: 1, sinceBootMs: count * 10, atMs: Date.now() - 5000, clock: 'synced' as const }
  return { type: 'alarm', sequence: count, ...time, change, alarm } satisfies AlarmRecord
}

/** In the form that a box gives it. */
function textOf(kind: Alarm['kind'], { place }: Partial<Alarm>): Alarm['text'] {
  const { name, guidance } = alarmTable[kind]
  const where = place?.zone ?? place?.household ?? ''
  return {
    zh: `${name.zh}：${where}。自 11-30 12:43 起。处置：${guidance.zh}`,
    en: `${name.en}: ${where}. Since 11-30 12:43. Do: ${guidance.en}`,
  }
}

async function say(
  boxes: readonly TestBox[],
  box: number,
  colour: Colour,
  one: AlarmRecord,
): Promise<string> {
  const { number } = next(box, colour)
  await boxes[box]?.report(colour, number, [one])
  return `${villages[box]?.[0] ?? ''}.${one.alarm.id}`
}

/** Resolves when the centre has every alarm, one of them waiting and one accepted. */
export async function fillTown(
  town: CentreUnderTest,
  boxes: readonly TestBox[],
): Promise<{ sos: string; accepted: string }> {
  const operator = town.token('operator', 'wang')
  const accepted: string[] = []
  for (const [index, [kind, colour, device]] of things.entries()) {
    const place = {
      zone: people[index % people.length] ?? '',
      device,
      household: String(20 + index),
      utcOffsetMin,
    }
    accepted.push(await say(boxes, index % 3, colour, record(colour, kind, { zone: `z-${index}`, place })))
  }
  const theirs = accepted.slice(1, 4)
  const mine = [accepted[0] ?? '', accepted[4] ?? '']
  for (let round = 0; round < 3; round++)
    for (const [index, [kind, colour, device]] of things.entries()) {
      const who = people[(index + round) % people.length] ?? ''
      const place = { zone: who, device, household: String(40 + index + round), utcOffsetMin }
      await say(
        boxes,
        (index + round) % 3,
        colour,
        record(colour, kind, { zone: `z${round}-${index}`, place }),
      )
    }
  const sosRecord = record('red', 'sos', { zone: 'wang-home', variant: 'pressed', place: wang })
  const sos = await say(boxes, 2, 'red', sosRecord)
  const { alarm } = sosRecord
  await say(boxes, 2, 'red', record('red', 'sos', { ...alarm, occurrences: 5 }, 'repeated'))
  const box = villages[0]?.[0] ?? ''
  await say(boxes, 0, 'yellow', record('yellow', 'storm', { device: box }))
  for (let index = 0; index < 4; index++)
    await say(boxes, 0, 'yellow', record('yellow', 'mains-lost', { state: 'suppressed' }, 'suppressed'))
  await say(
    boxes,
    1,
    'red',
    record('red', 'sos', { isDrill: true, place: { ...wang, zone: '演练 Drill house' } }),
  )
  const other = town.token('supervisor', 'zhao')
  for (const [ids, token] of [
    [mine, operator],
    [theirs, other],
  ] as const)
    for (const id of ids) {
      const response = await until(async () => {
        const answer = await town.post(`/api/v1/alarms/${id}/accept`, token)
        return answer.ok && answer
      })
      await response.arrayBuffer()
    }
  return { sos, accepted: mine[0] ?? '' }
}
