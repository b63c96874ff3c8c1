import { readFileSync, writeSync } from 'node:fs';
import { IngestionError } from './ingestion-error.js';
import { closeNetwork } from './no-network.js';
import { parseDocument } from './parse-document.js';
import { type ParserRequest, RESULT_FD, ResultEncoder } from './parser-protocol.js';

/** The program of the parser process: one file in, its blocks out, then the end. */
async function main(): Promise<void> {
  closeNetwork();
  const request = JSON.parse(process.argv[2] ?? '') as ParserRequest;
  setTimeout(() => process.exit(1), request.timeoutMs).unref();
  const result = new ResultEncoder(writeFully);
  result.started();
  try {
    const facts = await parseDocument({ ...request, bytes: readFileSync(0) }, (block) => result.block(block));
    result.done(facts);
  } catch (error) {
    result.error(asIngestionError(error));
  }
  process.exit(0);
}

function writeFully(piece: string): void {
  let rest = Buffer.from(piece);
  while (rest.length > 0) rest = rest.subarray(writeSync(RESULT_FD, rest));
}

/** The parsers name their failures; what else happens is the document being more than they can bear. */
function asIngestionError(error: unknown): IngestionError {
  if (error instanceof IngestionError) return error;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const options = { cause: error };
  if (/Maximum call stack/.test(text)) {
    return new IngestionError('corrupt', 'The document is nested too deeply to be read.', options);
  }
  if (/allocation failed|Invalid (?:string|array|typed array) length|out of memory/i.test(text)) {
    return new IngestionError('too_large', 'The document needs more memory than is allowed to be read.', options);
  }
  return new IngestionError(
    'parser_crashed',
    'The document could not be read because of an unexpected fault.',
    options,
  );
}

await main();
