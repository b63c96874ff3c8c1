/** One check of the whole system in operation. Says what it found, a line each; throws when something does not hold. */
export interface Verification {
  summary: string;
  run(say: (line: string) => void): Promise<void>;
}
