import { readFileSync, writeSync } from 'node:fs';
import { BlockFileWriter } from './block-file.js';
import { IngestionError } from './ingestion-error.js';
import { closeNetwork } from './no-network.js';
import { parseDocument } from './parse-document.js';
import { BLOCKS_FD, MACHINE_FAULT_EXIT, type ParserRequest, STATUS_FD, StatusWriter } from './parser-status.js';

const PARENT_CHECK_MS = 1_000;

/** The program of the parser process: one file in, its blocks out, then the end. */
async function main(): Promise<void> {
  closeNetwork();
  const request = JSON.parse(process.argv[2] ?? '') as ParserRequest;
  setTimeout(() => process.exit(1), request.timeoutMs).unref();
  endWithParent();
  const status = new StatusWriter((line) => writeFully(STATUS_FD, Buffer.from(line)));
  const blocks = new BlockFileWriter((piece) => writeFully(BLOCKS_FD, piece));
  status.started();
  try {
    const parsed = await parseDocument(
      { ...request, bytes: readFileSync(0) },
      { block: (block) => blocks.add(block), progress: (share) => status.progress(share) },
    );
    blocks.end();
    status.done(parsed);
  } catch (error) {
    if (isMachineFault(error)) process.exit(MACHINE_FAULT_EXIT);
    status.error(asIngestionError(error));
  }
  process.exit(0);
}

/** Where the system does not see to it: see parserCommand. */
function endWithParent(): void {
  const worker = process.ppid;
  const look = () => {
    if (process.ppid !== worker) process.exit(1);
  };
  setInterval(look, PARENT_CHECK_MS).unref();
}

function writeFully(fd: number, piece: Buffer): void {
  for (let rest = piece; rest.length > 0;) rest = rest.subarray(writeSync(fd, rest));
}

function isMachineFault(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(?:ENOSPC|EDQUOT|EIO)$/.test(String(error.code));
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
  if (/EFBIG/.test(text)) {
    return new IngestionError('too_large', 'The document holds more text than is allowed to be read.', options);
  }
  return new IngestionError(
    'parser_crashed',
    'The document could not be read because of an unexpected fault.',
    options,
  );
}

await main();
