/** Why a document cannot be indexed. Stable: stored with the job and shown to the owner of the file. */
export const INGESTION_ERROR_CODES = [
  'encrypted',
  'no_text',
  'corrupt',
  'unsupported',
  'too_large',
  'timeout',
  'unknown_encoding',
  'parser_crashed',
] as const;

export type IngestionErrorCode = (typeof INGESTION_ERROR_CODES)[number];

/** A document that cannot be indexed, with a message for the person who uploaded it. Another try would end the same. */
export class IngestionError extends Error {
  override readonly name = 'IngestionError';
  readonly code: IngestionErrorCode;

  constructor(code: IngestionErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}
