// What Chrome 70 lacks of ES2019, the language level the pages are checked against. Imported first by every page.
if (typeof Object.fromEntries !== 'function') {
  Object.fromEntries = (entries: Iterable<readonly [PropertyKey, unknown]>) => {
    const object: Record<PropertyKey, unknown> = {}
    for (const [key, value] of entries) object[key] = value
    return object
  }
}

export {}
