// A hash of what a device's message says, 32 bits (FNV-1a): the repeat of a message says the same.

export function contentHash(readings: object, deviceAtMs: number | undefined): number {
  const text = JSON.stringify(readings)
  let hash = deviceAtMs === undefined ? 0x811c9dc5 : deviceAtMs | 0
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
