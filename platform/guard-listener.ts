// A listener that works on bytes from outside: what it throws, at once or later, is handed to its owner as a refusal and ends
// neither the program nor the other connections.

/** `run` as a listener that never throws and never leaves a rejection; `onFailure` is told with the same arguments. */
export function guardListener<A extends unknown[]>(
  run: (...args: A) => void | Promise<void>,
  onFailure: (error: unknown, ...args: A) => void,
): (...args: A) => void {
  return (...args) => {
    try {
      const ended = run(...args)
      if (ended) ended.catch((error: unknown) => onFailure(error, ...args))
    } catch (error) {
      onFailure(error, ...args)
    }
  }
}
