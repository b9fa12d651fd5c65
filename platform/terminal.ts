// Every write to a terminal: texts of devices, cameras and files must not move its cursor, hide words or reverse their
// order.
import { visibleText } from '../protocols/domain/plain-text.ts'

/** Text with our own line breaks; every other control character becomes a dot. */
export function print(text: string): boolean {
  return process.stdout.write(visibleText(text))
}

/** The same, to standard error. */
export function printProblem(text: string): boolean {
  return process.stderr.write(visibleText(text))
}

/** One line of JSON for programs: control characters become escapes, so that nothing is lost. */
export function printJson(value: unknown): boolean {
  return process.stdout.write(`${escapeHidden(JSON.stringify(value))}\n`)
}

const isTerminal = (): boolean => process.stdout.isTTY

/** A line that the next one overwrites on a terminal; in a file it is a line like any other. */
export function printProgress(text: string): void {
  process.stdout.write(isTerminal() ? `\r${visibleText(text)}\x1b[K` : `${visibleText(text)}\n`)
}

/** Clears the line of `printProgress`. */
export function endProgress(): void {
  if (isTerminal()) process.stdout.write('\r\x1b[K')
}

// JSON has escaped the controls below U+0020 already.
const hiddenInJson = /[\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g

/** A line of JSON with the same meaning; for the hook of a log, too. */
export function escapeHidden(json: string): string {
  return json.replaceAll(
    hiddenInJson,
    (sign) => `\\u${(sign.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )
}
