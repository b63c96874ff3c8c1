/** What a shell or a CronJob learns of how a command ended; docs/cli.md lists them. */
export const EXIT = {
  done: 0,
  /** Something went wrong that no other code tells. */
  failed: 1,
  /** The command line or the settings are at fault; nothing was done. */
  usage: 2,
  /** A check found something, or the work was done and part of it needs a look. */
  findings: 3,
  /** The database, the store or the API did not answer. */
  unreachable: 4,
  /** It could have destroyed something, or somebody else is at it; nothing was done. */
  refused: 5,
  /** A signal ended it. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
