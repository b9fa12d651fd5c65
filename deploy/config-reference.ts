// Writes docs/config-keys.md: every key of both configurations, from the schemas that the programs check them with. The meaning is
// the comment above the key.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { centreConfigSchema } from '../centre/config/config.ts'
import { gatewayConfigSchema } from '../gateway/config/config.ts'
import { print } from '../platform/terminal.ts'

const root = new URL('..', import.meta.url)
export const referenceFile = fileURLToPath(new URL('docs/config-keys.md', root))

interface Node {
  type?: string
  properties?: Record<string, Node>
  required?: string[]
  items?: Node
  prefixItems?: Node[]
  anyOf?: Node[]
  oneOf?: Node[]
  additionalProperties?: Node | boolean
  propertyNames?: Node
  enum?: unknown[]
  const?: unknown
  default?: unknown
  minimum?: number
  maximum?: number
  maxItems?: number
}

/** Comments by key, for each object literal of the sources that describes a part of the configuration. */
type Block = ReadonlyMap<string, string>

const opening = /^( *).*(strictObject\(|Shape = )\{$/
const keyLine = /^( *)([A-Za-z]\w*)(?:: |,$|: ?$)/

/** Relies on the formatter: the keys of an object stand two columns to the right of the line that opens it. */
function blocksIn(text: string): Block[] {
  const blocks: Block[] = []
  const open: { indent: number; keys: Map<string, string> }[] = []
  let comment = ''
  for (const line of text.split('\n')) {
    const indent = line.length - line.trimStart().length
    while (open.length > 0 && line.trim() !== '' && indent <= (open.at(-1)?.indent ?? 0)) open.pop()
    const words = /^\s*(?:\/\*\*|\*)(?!\/) ?(.*?)(?:\*\/)?$/.exec(line)
    if (words) comment = /^\s*\/\*\*/.test(line) ? (words[1] ?? '') : `${comment} ${words[1] ?? ''}`
    const key = keyLine.exec(line)
    const block = open.at(-1)
    if (key && block && indent === block.indent + 2) block.keys.set(key[2] ?? '', comment.trim())
    const opened = opening.exec(line)
    if (opened) {
      const keys = new Map<string, string>()
      blocks.push(keys)
      open.push({ indent, keys })
    }
    if (!words && line.trim() !== '' && !/^\s*\*\/$/.test(line)) comment = ''
  }
  return blocks
}

function sourcesOf(folder: string): Block[] {
  const at = new URL(`${folder}/`, root)
  return readdirSync(at, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => blocksIn(readFileSync(new URL(name, at), 'utf8')))
}

/** Shared by both programs. */
const sharedSettings = 'platform/outlets/settings'
/** Keys from which on a part is taken for one of a larger object. */
const partKeysMin = 3

/** An object that includes a shared part is none of the sources' literals: its keys are those of its parts together. */
function blockOf(blocks: readonly Block[], keys: readonly string[]): Block | undefined {
  const fits = (block: Block): boolean => [...block.keys()].every((key) => keys.includes(key))
  const exact = blocks.find((block) => block.size === keys.length && fits(block))
  const parts = blocks.filter((block) => block.size >= partKeysMin && fits(block))
  return (
    exact ?? new Map(parts.toSorted((one, other) => one.size - other.size).flatMap((block) => [...block]))
  )
}

function valueOf(node: Node): string {
  if (node.enum) return node.enum.map((one) => `\`${String(one)}\``).join(' ')
  if (node.const !== undefined) return `\`${JSON.stringify(node.const)}\``
  const choices = node.anyOf ?? node.oneOf
  if (choices) return [...new Set(choices.map(valueOf))].join(' 或 or ')
  if (node.prefixItems) return 'list 列表'
  if (node.type === 'array') {
    const most = node.maxItems === undefined ? '' : ` ≤ ${node.maxItems}`
    return `list 列表${most}${node.items ? `: ${valueOf(node.items)}` : ''}`
  }
  if (node.type === 'object') return node.properties ? 'keys below 见下' : 'key: value 键: 值'
  if (node.type === 'boolean') return '`true` `false`'
  if (node.type !== 'integer' && node.type !== 'number') return 'text 文本'
  const { minimum, maximum } = node
  const isBounded = minimum !== undefined && maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER
  return isBounded ? `${minimum} … ${maximum}` : 'number 数字'
}

/** Objects inside a value: of a list, of one choice among several. */
function partsOf(node: Node, path: string): [path: string, part: Node][] {
  if (node.properties) return [[path, node]]
  if (node.items) return partsOf(node.items, `${path}[]`)
  return (node.anyOf ?? node.oneOf ?? []).flatMap((one) => partsOf(one, path))
}

function rowsOf(node: Node, path: string, blocks: readonly Block[]): string[] {
  const names = Object.keys(node.properties ?? {})
  const block = blockOf(blocks, names)
  return names.flatMap((name) => {
    const part = node.properties?.[name] ?? {}
    const own = path === '' ? name : `${path}.${name}`
    const isNeeded = node.required?.includes(name) === true && part.default === undefined
    const isShort = part.default !== undefined && typeof part.default !== 'object'
    const isList = Array.isArray(part.default) && JSON.stringify(part.default).length < 60
    const given = isShort || isList ? `\`${JSON.stringify(part.default)}\`` : ''
    const meaning = (block?.get(name) ?? '').replaceAll('|', '\\|')
    const row = `| \`${own}\` | ${valueOf(part)} | ${isNeeded ? '**required 必填**' : given} | ${meaning} |`
    return [row, ...partsOf(part, own).flatMap(([at, inner]) => rowsOf(inner, at, blocks))]
  })
}

function tableOf(schema: z.ZodType, folder: string): string {
  const node = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Node
  const head = ['| Key 键 | Value 取值 | Default 默认 | Meaning 说明 |', '| --- | --- | --- | --- |']
  return [...head, ...rowsOf(node, '', [...sourcesOf(folder), ...sourcesOf(sharedSettings)])].join('\n')
}

export function createReference(): string {
  return `<!-- Written by \`npm run schemas\` from the schemas of the programs; do not edit. -->

# Every key of the configuration / 全部配置项

\`[]\` is an entry of a list; an empty default means that the key may be left out. \`gengfu check-config\` names every key that is
unknown or wrong. What the common keys are for, with examples: [installing a box](installing-a-box.md#5-the-keys), [running a centre](running-a-centre.md#keys).

\`[]\` 表示列表中的一项；默认值为空表示可以不写。\`gengfu check-config\` 会指出所有未知或有误的键。常用键的用途与示例见
[安装网关](installing-a-box.zh.md)、[运行中心](running-a-centre.zh.md)。

## The box 网关: gateway.yaml

${tableOf(gatewayConfigSchema, 'gateway/config')}

## The centre 镇中心: centre.yaml

${tableOf(centreConfigSchema, 'centre/config')}
`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(referenceFile, createReference())
  print('docs/config-keys.md\n')
}
