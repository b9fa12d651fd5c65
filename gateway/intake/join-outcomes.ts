// Merges the engine's results for several inputs of one moment into one.
import type { Outcome } from '../alarms/port.ts'

export function joinOutcomes(outcomes: readonly Outcome[]): Outcome {
  return {
    transitions: outcomes.flatMap(({ transitions }) => transitions),
    commands: outcomes.flatMap(({ commands }) => commands),
    logs: outcomes.flatMap(({ logs }) => logs ?? []),
  }
}
