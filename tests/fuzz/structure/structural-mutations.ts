// Structural fuzz of JSON messages: every node of a valid message is replaced by values that no honest sender writes,
// one at a time. Generic, so that every protocol of both programs uses the same list of such values.
import { createSeededRandom } from '../../../protocols/kit/random.ts'

/** A mutated message as text, and its mutation, for the report of a failure. */
export interface Mutation {
  text: string
  what: string
}

/** JSON text that replaces a node; deep nesting can not be built through JSON.stringify. */
const nested = (levels: number, open: string, close: string): string =>
  open.repeat(levels) + (open === '[' ? '' : '0') + close.repeat(levels)

export const poisons: readonly (readonly [name: string, json: string])[] = [
  ['toString', '{"toString":1}'],
  ['toString and valueOf', '{"toString":1,"valueOf":1}'],
  ['list of toString', '[{"toString":1,"valueOf":1}]'],
  ['toJSON', '{"toJSON":1}'],
  ['__proto__', '{"__proto__":{"polluted":1}}'],
  ['constructor', '{"constructor":{"prototype":{"polluted":1}}}'],
  ['length', '{"length":1e9}'],
  ['null', 'null'],
  ['true', 'true'],
  ['empty object', '{}'],
  ['empty list', '[]'],
  ['list of null', '[null]'],
  ['empty text', '""'],
  ['text of a number', '"1"'],
  ['NUL and bidi', '"\\u0000\\u202e\\u2066\\u200f\\u001b[31m"'],
  ['lone surrogate', '"\\ud800"'],
  ['prototype name', '"__proto__"'],
  ['long text', JSON.stringify('x'.repeat(20_000))],
  ['zero', '0'],
  ['negative', '-1'],
  ['fraction', '0.5'],
  ['tiny', '5e-324'],
  ['huge', '1e308'],
  ['negative huge', '-1e308'],
  ['infinite', '1e999'],
  ['beyond integers', '9007199254740993'],
  ['largest integer', '9007199254740991'],
  ['nested list, 17', nested(17, '[', ']')],
  ['nested list, 3000', nested(3000, '[', ']')],
  ['nested object, 3000', nested(3000, '{"a":', '}')],
]

/** Paths of every node, the root included; at most `nodesMax`, so that a large message costs no more than a small one. */
function pathsOf(value: unknown, nodesMax = 2000): (string | number)[][] {
  const paths: (string | number)[][] = []
  const walk = (node: unknown, path: (string | number)[]): void => {
    if (paths.length >= nodesMax) return
    paths.push(path)
    if (Array.isArray(node)) node.forEach((inner, at) => walk(inner, [...path, at]))
    else if (typeof node === 'object' && node !== null)
      for (const [key, inner] of Object.entries(node)) walk(inner, [...path, key])
  }
  walk(value, [])
  return paths
}

const placeholder = '@structural-mutation@'

/** The message's text with the node at `path` replaced by the JSON text `poison`. */
export function withPoison(message: unknown, path: readonly (string | number)[], poison: string): string {
  const replaced = (node: unknown, rest: readonly (string | number)[]): unknown => {
    const [step, ...further] = rest
    if (step === undefined) return placeholder
    if (Array.isArray(node)) return node.map((inner, at) => (at === step ? replaced(inner, further) : inner))
    const fields = node as Record<string, unknown>
    return Object.fromEntries(
      Object.entries(fields).map(([key, inner]) => [key, key === step ? replaced(inner, further) : inner]),
    )
  }
  return JSON.stringify(replaced(message, path)).replace(JSON.stringify(placeholder), () => poison)
}

/** Every node of `message` with every poison, or one in `stride` of these: some thirty messages for each node. */
export function* everyMutation(message: unknown, stride = 1): Generator<Mutation> {
  let left = stride
  for (const path of pathsOf(message))
    for (const [name, poison] of poisons) {
      if (--left > 0) continue
      left = stride
      yield { text: withPoison(message, path, poison), what: `${path.join('.') || '(root)'}: ${name}` }
    }
}

/** Endless random mutations, one to three nodes each; the same seed gives the same messages. */
export function* randomMutations(messages: readonly unknown[], seed: number): Generator<Mutation> {
  const random = createSeededRandom(seed)
  const whole = messages.map((message) => [message, pathsOf(message)] as const)
  for (;;) {
    let [message, paths] = random.pick(whole)
    const done: string[] = []
    let text = JSON.stringify(message)
    for (let left = random.between(1, 3); left > 0; left--) {
      const path = random.pick(paths)
      const [name, poison] = random.pick(poisons)
      text = withPoison(message, path, poison)
      done.push(`${path.join('.') || '(root)'}: ${name}`)
      // If JSON.stringify can no longer write the message, this was its last change.
      if (name.startsWith('nested') || left === 1) break
      message = JSON.parse(text) as unknown
      paths = pathsOf(message)
    }
    yield { text, what: done.join(', ') }
  }
}
