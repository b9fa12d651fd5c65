// docs/devices.md lists the covered devices with the evidence: its table is generated from the vectors.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

interface Vectors {
  dialect: string
  evidence: { zh: string; en: string }
  conversations: { name: string; maker?: string; model?: string; lines: unknown[] }[]
}

const root = join(import.meta.dirname, '../..')
const folder = join(root, 'protocols/vectors/dialects')
const heads = {
  en: ['Dialect', 'Maker', 'What', 'Lines tried', 'Evidence'],
  zh: ['方言', '厂家', '设备或消息', '试过的报文数', '依据'],
}

function tableOf(language: 'en' | 'zh'): string {
  const rows = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((file) => {
      const { dialect, evidence, conversations } = JSON.parse(
        readFileSync(join(folder, file), 'utf8'),
      ) as Vectors
      const counts = new Map<string, number>()
      for (const { maker = '', model = '', lines } of conversations)
        counts.set(`${maker} | ${model}`, (counts.get(`${maker} | ${model}`) ?? 0) + lines.length)
      return [...counts].map(([what, count]) => `| ${dialect} | ${what} | ${count} | ${evidence[language]} |`)
    })
  const head = heads[language]
  return [`| ${head.join(' | ')} |`, `| ${head.map(() => '---').join(' | ')} |`, ...rows, ''].join('\n')
}

test.each([
  ['docs/devices-covered.md', 'en', '# Devices that are covered, and by what evidence'],
  ['docs/devices-covered.zh.md', 'zh', '# 已覆盖的设备及依据'],
] as const)(
  '%s is what the vectors say (write it anew with GENGFU_WRITE_DOCS=1)',
  (file, language, title) => {
    const path = join(root, file)
    const text = `${title}\n\n${tableOf(language)}`
    if (process.env['GENGFU_WRITE_DOCS'] === '1') writeFileSync(path, text)
    expect(readFileSync(path, 'utf8')).toBe(text)
  },
)
