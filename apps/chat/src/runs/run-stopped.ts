/** A run was told to stop, by its user or because nobody listened any more: it ends as cancelled and keeps its text. */
export class RunStopped extends Error {
  override readonly name = 'RunStopped';

  constructor(message: string) {
    super(message);
  }

  static byUser(): RunStopped {
    return new RunStopped('The run was cancelled.');
  }

  static deserted(graceMs: number): RunStopped {
    return new RunStopped(`Nobody listened to the run for ${Math.round(graceMs / 1_000)} s.`);
  }
}
