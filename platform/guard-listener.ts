// A listener for bytes from outside: an exception, at once or later, is handed to its owner as a refusal and ends
// neither the program nor other connections.

/** `run` as a listener that never throws and never leaves a rejection; `onFailure` gets the same arguments. */
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
