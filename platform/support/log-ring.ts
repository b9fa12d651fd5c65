// The latest lines of a log, in memory: a card is not worn for them. Beyond the limit the oldest are dropped.

export const ringBytesMax = 512 * 1024

export class LogRing {
  #lines: string[] = []
  #bytes = 0
  /** Lines before this one were dropped. */
  #from = 0

  add(line: string): void {
    this.#lines.push(line)
    this.#bytes += line.length
    while (this.#bytes > ringBytesMax && this.#from < this.#lines.length - 1) {
      this.#bytes -= this.#lines[this.#from]?.length ?? 0
      this.#from++
    }
    // Moved seldom: half of the list may be empty.
    if (this.#from > 1000 && this.#from * 2 > this.#lines.length) {
      this.#lines = this.#lines.slice(this.#from)
      this.#from = 0
    }
  }

  text(): string {
    return this.#lines.slice(this.#from).join('')
  }
}
