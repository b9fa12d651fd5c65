// Bad input is a value, not an exception: every parser returns a Result.

export interface Problem {
  /** Where, as a dotted path; empty for the whole input. */
  path: string
  /** The error and the expected value. */
  message: string
}

export type Result<T> = { ok: true; value: T } | { ok: false; problems: Problem[] }

export function ok<T>(value: T): Result<T> {
  return { ok: true, value }
}

export function bad(message: string, path = ''): { ok: false; problems: Problem[] } {
  return { ok: false, problems: [{ path, message }] }
}

/** One line for a log or a terminal. */
export function describeProblems(problems: readonly Problem[]): string {
  return problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ')
}
