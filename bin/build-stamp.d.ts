// Types for tests that import build-stamp.js.
export function isBuilt(): boolean
