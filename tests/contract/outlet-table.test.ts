// Does the table of the handbook say of each kind what outlets send?
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { capDocument } from '../../centre/outlets/cap/cap-document.ts'
import { codeOf } from '../../platform/outlets/dc09/dc09-codes.ts'
import { gbMethodOf } from '../../centre/outlets/gb28181/gb-alarm.ts'
import { testMessage, type OutletMessage } from '../../platform/outlets/message.ts'
import { scaipCodes } from '../../platform/outlets/scaip/scaip-codes.ts'
import { kindWords, type Language } from '../../platform/outlets/words.ts'
import { alarmKinds, type AlarmKind } from '../../protocols/domain/alarm.ts'
import { alarmCodes, alarmTable } from '../../protocols/domain/alarm-table.ts'

const { isTest: _test, ...base } = testMessage('g-1', 0, 'centre')

function rowOf(kind: AlarmKind, language: Language): string {
  const { colour } = alarmTable[kind]
  const message: OutletMessage = { ...base, kind, colour, isDrill: false }
  const over: OutletMessage = { ...message, step: 'over' }
  const { gbPriority, cap, event = '-' } = alarmCodes({ kind, colour })
  const xml = capDocument(message, {
    sender: 'a',
    senderName: 'a',
    language,
    restriction: 'a',
    expiresHours: 1,
    textOf: () => '',
    utcOffsetMin: () => 0,
  })
  const category = /<category>(\w+)</.exec(xml)?.[1]
  const both = (format: 'contact-id' | 'sia'): string =>
    `${codeOf(message, format)} / ${codeOf(over, format) ?? '-'}`
  const cells = [
    `\`${kind}\``,
    both('contact-id'),
    both('sia'),
    `${gbPriority}/${gbMethodOf(message)}`,
    scaipCodes[kind].join('/'),
  ]
  return `| ${[...cells, `${category}, ${cap}`, event, kindWords(message, language)].join(' | ')} |`
}

const heads: Record<Language, string> = {
  en: '| Kind | Contact ID | SIA | GB priority/method | SCAIP device/status | CAP category, severity | CN event | Text |',
  zh: '| 种类 | Contact ID | SIA | GB 级别/方式 | SCAIP 设备/状态 | CAP 类别、严重程度 | 国家预警事件 | 文字 |',
}

test.each<[Language, string]>([
  ['en', 'docs/outlets.md'],
  ['zh', 'docs/outlets.zh.md'],
])('the page in %s equals the tables', (language, page) => {
  const file = new URL(`../../${page}`, import.meta.url)
  const written = readFileSync(file, 'utf8')
  const rows = alarmKinds.map((kind) => rowOf(kind, language))
  const table = [heads[language], '| --- | --- | --- | --- | --- | --- | --- | --- |', ...rows].join('\n')
  const wanted = written.replace(
    /<!-- table -->[\s\S]*<!-- end of table -->/,
    () => `<!-- table -->\n\n${table}\n\n<!-- end of table -->`,
  )
  if (process.env['GENGFU_WRITE_DOCS']) writeFileSync(file, wanted)
  // The formatter may pad cells.
  const plain = (text: string): string => text.replace(/ +\|/g, ' |').replace(/\| -+/g, '| -')
  expect(plain(readFileSync(file, 'utf8'))).toBe(plain(wanted))
})
