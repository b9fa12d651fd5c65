// Does the author of a file read what is wrong and what is right, in both languages?
import { expect, it } from 'vitest'
import { z } from 'zod'
import { fromZod } from '../../../../protocols/kit/from-zod.ts'

const schema = z.strictObject({
  id: z.string(),
  armed: z.boolean(),
  day: z.enum(['mon', 'tue']),
  port: z.number().int().min(1).max(65_535),
  zones: z.array(z.string()).min(1),
  own: z.string('words of the schema'),
})
const good = { id: 'shop', armed: true, day: 'mon', port: 1883, zones: ['z'], own: '' }

it.each([
  [{ id: 12 }, 'id: text is expected, not 12: put it in quotes 应为文字，请加引号'],
  [{ id: null }, 'id: text is expected, not nothing 应为文字'],
  [{ id: undefined }, 'id: missing: text 缺少此项：文字'],
  [{ armed: 'yes' }, 'armed: true or false is expected, not "yes" 应为 true 或 false'],
  [{ day: 'Mon' }, 'day: write "mon", in lower case 请用小写'],
  [{ day: 'someday' }, 'day: one of "mon", "tue" is expected, not "someday" 应为其中之一'],
  [{ port: 70_000 }, 'port: at most 65535 过大或过长'],
  [{ port: 1.5 }, 'port: a whole number is expected, not 1.5 应为整数'],
  [{ zones: [] }, 'zones: at least 1 entries 项 过小或过短'],
  [{ zones: { a: 1 } }, 'zones: a list is expected, not keys with values 应为列表'],
  [{ prot: 1 }, ': unknown key "prot": is it spelled wrongly? 未知的键'],
  [{ own: 5 }, 'own: words of the schema'],
])('says what is wrong with %j', (part, words) => {
  const parsed = fromZod(schema, { ...good, ...part })
  expect(parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`)).toEqual([words])
})
