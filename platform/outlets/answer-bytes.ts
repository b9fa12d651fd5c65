// What a receiver says, read up to a limit and made fit to be shown: no receiver fills the memory, and none steers a terminal or a page.

/** Of an answer; the rest is not read. */
export const answerBytesMax = 4096
const wordsMax = 300

/** One line without control characters. */
export function plainWords(answer: string | Uint8Array): string {
  const text =
    typeof answer === 'string' ? answer : new TextDecoder().decode(answer.subarray(0, answerBytesMax))
  return text
    .slice(0, answerBytesMax)
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim()
    .slice(0, wordsMax)
}
