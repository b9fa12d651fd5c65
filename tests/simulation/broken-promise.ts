// Thrown by a checker of the simulation when a promise is broken.

export class BrokenPromise extends Error {}
