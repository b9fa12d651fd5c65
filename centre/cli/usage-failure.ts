// Wrong use of a command: said on stderr, exit code 2.
export class UsageFailure extends Error {}
