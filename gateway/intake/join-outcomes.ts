// What the engine made of several inputs at one moment, as if it had been one.
import type { Outcome } from '../alarms/port.ts'

export function joinOutcomes(outcomes: readonly Outcome[]): Outcome {
  return {
    transitions: outcomes.flatMap(({ transitions }) => transitions),
    commands: outcomes.flatMap(({ commands }) => commands),
    logs: outcomes.flatMap(({ logs }) => logs ?? []),
  }
}
