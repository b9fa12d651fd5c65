// A hash of the content of a device's message, 32 bits (FNV-1a): a repeat has the same content.

export function contentHash(readings: object, deviceAtMs: number | undefined): number {
  const text = JSON.stringify(readings)
  let hash = deviceAtMs === undefined ? 0x811c9dc5 : deviceAtMs | 0
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
