// Bounded maps and sets: the entry that was set first is removed first. Delete a key before it is set again where use counts, not age.

/** Removes the oldest entries until at most `max` are left; `onForgotten` is called for each. */
export function forgetOldest<K>(
  entries: Map<K, unknown> | Set<K>,
  max: number,
  onForgotten?: (key: K) => void,
): void {
  if (entries.size <= max) return
  for (const oldest of entries.keys()) {
    entries.delete(oldest)
    onForgotten?.(oldest)
    if (entries.size <= max) return
  }
}
