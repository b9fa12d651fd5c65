// Reads a configuration written by a person: UTF-8 and YAML, or a problem that describes what an editor changed in it.
import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { parseDocument } from 'yaml'
import { bad, ok, type Result } from '../protocols/kit/result.ts'

/** Largest file that is read. */
export const configBytesMax = 4 * 1024 * 1024

/** The text of a file; refuses other encodings than UTF-8, and removes a byte order mark. */
export function readConfigText(file: string): Result<string> {
  try {
    return decodeConfigText(readFileSync(file))
  } catch (error) {
    return bad(`can not read ${file}: ${(error as Error).message} 无法读取文件`)
  }
}

export function decodeConfigText(bytes: Buffer): Result<string> {
  if (bytes.length > configBytesMax) return bad(`at most ${configBytesMax} bytes`)
  const isUtf16 = bytes.length > 1 && [0xfeff, 0xfffe].includes(bytes.readUInt16BE(0))
  if (isUtf16) return bad('the file is UTF-16: save it as UTF-8 文件为 UTF-16 编码，请另存为 UTF-8')
  if (isUtf8(bytes)) return ok(bytes.toString('utf8').replace(/^\uFEFF/, ''))
  const line = firstBadLine(bytes)
  const encoding = isGbk(bytes) ? 'it looks like GBK (ANSI)' : 'its bytes are of another encoding'
  return bad(
    `the file is not UTF-8 (line ${line}; ${encoding}): save it as UTF-8 文件不是 UTF-8 编码（第 ${line} 行），请在编辑器中另存为 UTF-8`,
  )
}

function firstBadLine(bytes: Buffer): number {
  let line = 1
  for (let from = 0; from < bytes.length; line++) {
    const end = bytes.indexOf(10, from)
    if (!isUtf8(bytes.subarray(from, end < 0 ? bytes.length : end))) break
    if (end < 0) break
    from = end + 1
  }
  return line
}

function isGbk(bytes: Buffer): boolean {
  try {
    new TextDecoder('gbk', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

/** Characters that look like the one that YAML needs. */
const lookalikes: [pattern: RegExp, words: string][] = [
  [
    /[：，；［］｛｝“”‘’＂＇－＃]/u,
    'a full-width character: use the plain one : , [ ] { } " \' 全角符号，请改为半角',
  ],
  [
    /[\u00A0\u2000-\u200B\u3000\u202F]/u,
    'a space that is none for YAML: use plain spaces 特殊空格，请改为普通空格',
  ],
  [/^ *\t/, 'a tab at the start: use spaces 行首为制表符，请改为空格'],
]

/** The value of a YAML text. Never throws; a problem contains the line, and a look-alike character in it. */
export function parseConfigYaml(text: string): Result<unknown> {
  // For YAML such a space is a letter: the line would silently become a key of another name.
  const odd = text.split(/\r?\n/).findIndex((line) => /^ *[\u00A0\u2000-\u200B\u3000\u202F]/u.test(line))
  if (odd >= 0) return bad(`not YAML: the line is indented wrongly${hintFor(text, odd + 1)}`)
  const document = parseDocument(text, { prettyErrors: true })
  const [error] = document.errors
  if (error) {
    const line = error.linePos?.[0].line
    const [summary] = error.message.split('\n')
    return bad(`not YAML: ${(summary ?? '').replace(/:$/, '')}${hintFor(text, line)}`)
  }
  try {
    return ok(document.toJS({ maxAliasCount: 100 }) as unknown)
  } catch (toValue) {
    return bad(`not YAML: ${(toValue as Error).message}`)
  }
}

/** Only the lines of the error are searched: names may contain such characters. */
function hintFor(text: string, line: number | undefined): string {
  if (line === undefined) return ''
  const lines = text.split(/\r?\n/)
  for (let at = line; at >= Math.max(1, line - 2); at--)
    for (const [pattern, words] of lookalikes)
      if (pattern.test(lines[at - 1] ?? '')) return `; line ${at} holds ${words}`
  return ''
}
