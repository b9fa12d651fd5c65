// Wrong use of a command: reported on stderr, exit code 2.
export class UsageFailure extends Error {}
