// Chance as a port: the same seed gives the same run.

export interface Random {
  /** A float in [0, 1). */
  next(): number
  /** An integer in [from, to], both included. */
  between(from: number, to: number): number
  /** One of `items`; throws on an empty list. */
  pick<T>(items: readonly T[]): T
  /** `bytes` random bytes as lower-case hexadecimal. */
  hex(bytes: number): string
}

function createRandom(next: () => number): Random {
  const between = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1))
  return {
    next,
    between,
    pick: (items) => {
      const item = items[between(0, items.length - 1)]
      if (item === undefined) throw new RangeError('pick from an empty list')
      return item
    },
    hex: (bytes) => {
      let text = ''
      for (let i = 0; i < bytes; i++) text += between(0, 255).toString(16).padStart(2, '0')
      return text
    },
  }
}

/** A seeded generator (mulberry32): fast, reproducible, not for secrets. */
export function createSeededRandom(seed: number): Random {
  let state = seed >>> 0
  return createRandom(() => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  })
}

/** Chance from the machine's cryptographic source. */
export function createSystemRandom(): Random {
  return createRandom(() => {
    const words = crypto.getRandomValues(new Uint32Array(1))
    return (words[0] ?? 0) / 4294967296
  })
}
