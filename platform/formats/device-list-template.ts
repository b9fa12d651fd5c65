// The empty list of devices that a desk fills in: CSV for every spreadsheet program, XLSX with a second sheet that explains the columns.
import { strToU8, zipSync } from 'fflate'

/** Heading in each language, and what belongs there. The console reads the headings of both. */
export const templateColumns = [
  ['编号', 'id', '字母、数字、点、横线', 'letters, digits, dot, dash'],
  [
    '类型',
    'kind',
    '按钮 门磁 水位 人体感应 烟感 燃气 漏水 警号 灯 显示屏 喇叭',
    'button contact water motion smoke gas leak siren lamp sign loudspeaker',
  ],
  ['防区', 'zone', '住户或地点；没有则新建', 'household or place; a new one is made'],
  ['名称', 'name', '看得懂的名称，如“王奶奶床头按钮”', 'a name that people know'],
  [
    '地址',
    'address',
    '标签上的 IEEE 地址、DevEUI 或序列号；直接连接则留空',
    'IEEE address, DevEUI or serial number of its label; empty if it connects itself',
  ],
  ['网桥', 'via', '经由的网桥编号；直接连接则留空', 'id of its bridge; empty if it connects itself'],
  ['电话', 'phone', '负责人电话', 'telephone of the person responsible'],
  ['灯杆', 'lamppost', '灯杆号', 'number of the lamp post'],
] as const

export const templateTypes = {
  csv: 'text/csv; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
} as const
export type TemplateType = keyof typeof templateTypes

export type TemplateLanguage = 'zh' | 'en'

const headings = (language: TemplateLanguage): string[] =>
  templateColumns.map(([zh, en]) => (language === 'zh' ? zh : en))

/** With the mark by which Excel knows UTF-8. */
const csvOf = (language: TemplateLanguage): string => `\uFEFF${headings(language).join(',')}\r\n`

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const xml = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const packageRelations = 'http://schemas.openxmlformats.org/package/2006/relationships'
const contentTypes = 'http://schemas.openxmlformats.org/package/2006/content-types'
const sheetType = 'application/vnd.openxmlformats-officedocument.spreadsheetml'

const sheetOf = (rows: readonly (readonly string[])[], widths: readonly number[]): string =>
  `${xml}<worksheet xmlns="${main}"><cols>${widths
    .map((width, n) => `<col min="${n + 1}" max="${n + 1}" width="${width}" customWidth="1"/>`)
    .join('')}</cols><sheetData>${rows
    .map(
      (cells, row) =>
        `<row r="${row + 1}">${cells
          .map(
            (cell, column) =>
              `<c r="${String.fromCharCode(65 + column)}${row + 1}" t="inlineStr"><is><t>${escaped(cell)}</t></is></c>`,
          )
          .join('')}</row>`,
    )
    .join('')}</sheetData></worksheet>`

function workbookOf(language: TemplateLanguage): Uint8Array {
  const names = language === 'zh' ? ['设备清单', '填写说明'] : ['Devices', 'How to fill it in']
  const explained = templateColumns.map(([zh, en, zhText, enText]) =>
    language === 'zh' ? [zh, zhText] : [en, enText],
  )
  const sheets = [
    sheetOf(
      [headings(language)],
      templateColumns.map(() => 18),
    ),
    sheetOf(explained, [14, 90]),
  ]
  const numbered = sheets.map((text, n) => ({ text, n: n + 1, name: names[n] ?? '' }))
  const files: Record<string, string> = {
    '[Content_Types].xml': `${xml}<Types xmlns="${contentTypes}"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${sheetType}.sheet.main+xml"/>${numbered
      .map(
        ({ n }) =>
          `<Override PartName="/xl/worksheets/sheet${n}.xml" ContentType="${sheetType}.worksheet+xml"/>`,
      )
      .join('')}</Types>`,
    '_rels/.rels': `${xml}<Relationships xmlns="${packageRelations}"><Relationship Id="rId1" Type="${relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `${xml}<workbook xmlns="${main}" xmlns:r="${relations}"><sheets>${numbered
      .map(({ n, name }) => `<sheet name="${escaped(name)}" sheetId="${n}" r:id="rId${n}"/>`)
      .join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `${xml}<Relationships xmlns="${packageRelations}">${numbered
      .map(
        ({ n }) =>
          `<Relationship Id="rId${n}" Type="${relations}/worksheet" Target="worksheets/sheet${n}.xml"/>`,
      )
      .join('')}</Relationships>`,
    ...Object.fromEntries(numbered.map(({ n, text }) => [`xl/worksheets/sheet${n}.xml`, text])),
  }
  return zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)])))
}

export const deviceListTemplate = (type: TemplateType, language: TemplateLanguage): Buffer =>
  type === 'csv' ? Buffer.from(csvOf(language)) : Buffer.from(workbookOf(language))
