// What a checker of the simulation throws when it sees what must never be.

export class BrokenPromise extends Error {}
