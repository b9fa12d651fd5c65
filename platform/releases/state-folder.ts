// Where the release script looks for the notes of the program: the first folder of the unit's state.

/**
 * systemd gives several state folders of a unit as one list, with colons between them (systemd.exec, `StateDirectory=`); the first is that of the
 * data. `dataDir` where the program is not run by systemd.
 */
export function stateFolder(
  environment: Readonly<Record<string, string | undefined>>,
  dataDir: string,
): string {
  const [first = ''] = (environment['STATE_DIRECTORY'] ?? '').split(':')
  return first === '' ? dataDir : first
}
