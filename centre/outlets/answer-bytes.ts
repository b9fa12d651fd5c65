// What a receiver says, read up to a limit and made fit to be shown: no receiver fills the memory, and none steers a terminal or a page.

/** Of an answer; the rest is not read. */
export const answerBytesMax = 4096
const wordsMax = 300

/** One line without control characters. */
export function plainWords(said: string | Uint8Array): string {
  const text = typeof said === 'string' ? said : new TextDecoder().decode(said.subarray(0, answerBytesMax))
  return text
    .slice(0, answerBytesMax)
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim()
    .slice(0, wordsMax)
}
