import { EXIT, type ExitCode } from './exit-code.js';

const NAMES = Object.fromEntries(Object.entries(EXIT).map(([name, code]) => [code, name]));

/** What the operator can mend: a sentence, and perhaps another one that says how. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    readonly exitCode: ExitCode,
    message: string,
    readonly hint: string | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** The name of its exit code. */
  get code(): string {
    return NAMES[this.exitCode]!;
  }
}

/** Any error as one that a command may end with. */
export function asCliError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  if (!(error instanceof Error)) return new CliError(EXIT.failed, String(error));
  if (error.name === 'ConfigError')
    return new CliError(EXIT.usage, error.message, 'parley validate-env tells them all');
  if (error.name === 'AbortError') return new CliError(EXIT.interrupted, 'Stopped.', null, { cause: error });
  const { code } = error as { code?: unknown };
  if (code === 'service_unavailable') return new CliError(EXIT.unreachable, error.message, causeOf(error));
  return new CliError(EXIT.failed, error.message || error.constructor.name, null, { cause: error });
}

/** The innermost cause says what the machine said. */
function causeOf(error: Error): string | null {
  let inner: unknown = error.cause;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  return inner instanceof Error ? inner.message : null;
}
