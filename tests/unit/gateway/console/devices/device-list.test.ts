// A list of devices from the desk: CSV and XLSX as people save them, every error by row and column, all or nothing.
import { strToU8, zipSync } from 'fflate'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { encodeGb18030 } from '../../../../../platform/gb28181/gb18030.ts'
import { readDeviceRows } from '../../../../../gateway/console/devices/device-rows.ts'
import { cellsMax, readSheet, unpackedBytesMax } from '../../../../../gateway/console/devices/read-sheet.ts'
import { delimiterOf, readTable } from '../../../../../gateway/console/devices/read-table.ts'
import { onBox, openConsoleKit, type ConsoleKit } from '../../../../kits/console/console-kit.ts'

let kit: ConsoleKit
beforeEach(async () => {
  kit = await openConsoleKit({
    zones: [{ id: 'wang', name: '王家' }],
    devices: [{ id: 'button-001', kind: 'button' }],
  })
})
afterEach(() => kit.stop())

const chinese = '编号,类型,防区,名称\r\n门-1,门磁,祠堂,"前门, 东"\r\n'

/** A workbook with one sheet of shared, inline and number cells. */
function workbook(sheet: string, shared = ''): Uint8Array {
  const main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
  return zipSync({
    'xl/workbook.xml': strToU8(
      `<workbook ${main} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="a" sheetId="1" r:id="rId7"/></sheets></workbook>`,
    ),
    'xl/_rels/workbook.xml.rels': strToU8(
      '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId7" Target="worksheets/sheet2.xml"/></Relationships>',
    ),
    'xl/sharedStrings.xml': strToU8(`<sst ${main}>${shared}</sst>`),
    'xl/worksheets/sheet1.xml': strToU8(`<worksheet ${main}/>`),
    'xl/worksheets/sheet2.xml': strToU8(`<worksheet ${main}><sheetData>${sheet}</sheetData></worksheet>`),
    'xl/media/image1.png': new Uint8Array(100),
  })
}

const cells = (bytes: Uint8Array): unknown => {
  const table = readTable(bytes)
  return table.ok ? table.value.map((row) => row.cells) : table.problems
}

it.each([
  ['UTF-8', Buffer.from(chinese)],
  ['UTF-8 with a mark', Buffer.from(`\uFEFF${chinese}`)],
  ['GB 18030', encodeGb18030(chinese)],
  ['UTF-16', Buffer.from(`\uFEFF${chinese}`, 'utf16le')],
  ['semicolons', Buffer.from('编号;类型;防区;名称\n门-1;门磁;祠堂;前门, 东\n')],
  ['tabs', Buffer.from('编号\t类型\t防区\t名称\n门-1\t门磁\t祠堂\t前门, 东\n')],
])('reads a list in %s', (_name, bytes) => {
  expect(cells(bytes)).toEqual([
    ['编号', '类型', '防区', '名称'],
    ['门-1', '门磁', '祠堂', '前门, 东'],
  ])
})

it('finds the delimiter outside of quotes', () => {
  expect(delimiterOf('"a;b;c;d",b,c')).toBe(',')
  expect(delimiterOf('id;kind')).toBe(';')
})

it('reads the first sheet of a workbook, with shared and inline texts, long numbers, gaps and readings', () => {
  const sheet = `<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="inlineStr"><is><t>name</t></is></c></row>
    <row r="4"><c r="A4"><v>8.61234567890123E14</v></c><c r="B4" t="b"><v>1</v></c><c r="C4" t="s"><v>1</v></c></row>`
  const shared =
    '<si><t>id</t></si><si><r><t>祠</t></r><r><t>堂</t></r><rPh sb="0" eb="1"><t>ci</t></rPh></si>'
  expect(readTable(workbook(sheet, shared))).toEqual({
    ok: true,
    value: [
      { row: 1, cells: ['id', '', 'name'] },
      { row: 4, cells: ['861234567890123', 'true', '祠堂'] },
    ],
  })
})

it('refuses workbooks that are too large unpacked, have too many cells, or are damaged; quickly', () => {
  const bomb = zipSync({ 'xl/worksheets/sheet1.xml': new Uint8Array(unpackedBytesMax + 1) })
  expect(bomb.length).toBeLessThan(100_000)
  expect(readSheet(bomb)).toMatchObject({
    ok: false,
    problems: [{ message: expect.stringContaining('10 MB') as string }],
  })
  const rows = Array.from(
    { length: cellsMax / 2 + 1 },
    () => '<row><c><v>1</v></c><c><v>2</v></c></row>',
  ).join('')
  expect(readSheet(workbook(rows)).ok).toBe(false)
  for (const wrong of ['<row><c r="ZZZ1"><v>1</v></c></row>', '<row><c><v>1</c></row>', '&lol;'])
    expect(readSheet(workbook(wrong)).ok).toBe(false)
  const good = workbook('<row><c><v>1</v></c></row>')
  for (let at = 0; at < good.length; at += 7) {
    const damaged = good.slice()
    damaged[at] = (damaged[at] ?? 0) ^ 0x55
    expect(() => readTable(damaged)).not.toThrow()
  }
  expect(readTable(Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0)).ok).toBe(false)
})

const rowsOf = (text: string) => {
  const table = readTable(Buffer.from(text))
  if (!table.ok) throw new Error('no table')
  return readDeviceRows(table.value, kit.installing.config)
}

it('makes zones by their name, ids where there are none, and water limits of columns', () => {
  const list = rowsOf(
    '类型,防区,编号,警戒水位,保证水位,灯杆\n按钮,王家,,,,\n按钮,祠堂,button-002,,,D17\n水位计,祠堂,water-9,2600,"3000",\n',
  )
  expect(list).toMatchObject({
    ok: true,
    value: {
      zones: [{ id: 'zone-001', name: '祠堂', place: { lampPost: 'D17' } }],
      devices: [
        { row: 2, entry: { id: 'button-003', kind: 'button', zone: 'wang' } },
        { row: 3, entry: { id: 'button-002', zone: 'zone-001' } },
        { row: 4, entry: { id: 'water-9', kind: 'water', water: { warningMm: 2600, guaranteeMm: 3000 } } },
      ],
    },
  })
})

it('names every error with its row and column, and takes nothing', async () => {
  const text =
    'id,kind,zone,phone,reportIntervalS,odd\n' +
    'a 1,button,wang,,,\n' +
    'b-1,teapot,wang,,,\n\n' +
    'b-2,button,wang,abc,soon,\n' +
    'b-2,button,wang,,,\n' +
    'button-001,button,,,,\n'
  const head = rowsOf(text)
  expect(head).toMatchObject({ ok: false, problems: [{ row: 1, column: 'odd' }] })
  const answer = await kit.ask(onBox, 'POST', '/api/v1/devices/import', {
    body: Buffer.from(text.replaceAll(',odd', '').replaceAll(/,(\n|$)/g, '$1')),
  })
  expect(answer.status).toBe(400)
  const problems = (answer.body['problems'] as { row: number; column: string }[]).map(
    ({ row, column }) => `${row} ${column}`,
  )
  expect(problems).toEqual(['2 id', '3 kind', '5 reportIntervalS', '5 phone', '6 id', '7 id'])
  kit.reopen()
  expect(kit.installing.config.devices).toHaveLength(1)
  expect(kit.restarts).toEqual([])
})

it('imports 500 devices with their zones in one change, each with a credential that is shown once', async () => {
  const lines = Array.from({ length: 500 }, (_, n) => `btn-${n},按钮,第 ${n % 100} 户,按钮 ${n}`)
  const body = encodeGb18030(`编号;类型;防区;名称\n${lines.join('\n').replaceAll(',', ';')}\n`)
  const trial = await kit.ask(onBox, 'POST', '/api/v1/devices/import?trial', { body })
  expect(trial.body).toMatchObject({ ok: true, plan: { devices: 500, isTrial: true } })
  expect(kit.restarts).toEqual([])
  const answer = await kit.ask(onBox, 'POST', '/api/v1/devices/import', { body })
  expect(answer.body).toMatchObject({ ok: true, connect: { port: 8883 } })
  expect(answer.body['credentials']).toHaveLength(500)
  kit.reopen()
  expect(kit.installing.config.devices).toHaveLength(501)
  expect(kit.installing.config.zones).toHaveLength(101)
  expect(Object.keys(kit.installing.centreConfig?.settings.passwords ?? {})).toHaveLength(500)
  expect((await kit.ask(onBox, 'GET', '/api/v1/settings')).text).not.toContain('secret')
  // One undo takes all of it back.
  const { body: read } = await kit.ask(onBox, 'GET', '/api/v1/settings')
  expect(
    (await kit.ask(onBox, 'POST', '/api/v1/settings/undo', { body: { version: read['version'] as number } }))
      .status,
  ).toBe(200)
  kit.reopen()
  expect(kit.installing.config.devices).toHaveLength(1)
}, 60_000)

it('adds one device by its form, and gives it a new credential later; none to a device behind a bridge', async () => {
  const add = (device: object) => kit.ask(onBox, 'POST', '/api/v1/devices/add', { body: { device } })
  expect((await add({ kind: 'contact', zone: '祠堂', name: '门' })).body).toMatchObject({
    credentials: [{ device: 'contact-001', password: 'secret' }],
  })
  kit.reopen()
  expect((await add({ kind: 'contact', id: 'contact-001' })).status).toBe(400)
  expect((await add({ kind: 'contact', via: 'nowhere', address: '0x00158d0001abcd01' })).status).toBe(400)
  const renew = (device: string) =>
    kit.ask(onBox, 'POST', '/api/v1/devices/credentials', { body: { devices: [device] } })
  expect((await renew('contact-001')).body['credentials']).toHaveLength(1)
  expect((await renew('nobody')).status).toBe(400)
})

it('changes keys of one device, and leaves the rest of its entry as it was', async () => {
  const edit = (device: string, set: object) =>
    kit.ask(onBox, 'POST', '/api/v1/devices/edit', { body: { device, set } })
  expect((await edit('button-001', { name: '床头', zone: 'wang' })).status).toBe(200)
  kit.reopen()
  expect((await edit('button-001', { zone: '', kind: 'alarm-button' })).status).toBe(200)
  kit.reopen()
  const [device] = kit.installing.config.devices
  expect(device).toMatchObject({ id: 'button-001', kind: 'button', name: '床头' })
  expect(device?.zone).toBeUndefined()
  expect((await edit('button-001', { zone: 'nowhere' })).status).toBe(400)
  expect((await edit('nothing', { name: 'x' })).status).toBe(400)
})
