import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '@parley/contracts';
import { type FastifyReply } from 'fastify';
import { faultOf } from '../http/fault.js';
import { SseWriter } from '../runs/sse-writer.js';

/** How something is at a moment. */
export interface Snapshot {
  /** Grows with every change; clients resume from it. */
  revision: number;
  body: object;
  /** The name of the last event, when nothing more will change. */
  end: string | null;
}

export interface ProgressOptions {
  /** Between looks while something changes; without changes up to six times as long. */
  pollMs: number;
  /** Ends the stream with `reconnect`, so that none is followed for ever. */
  deadlineMs: number;
  /** How long the service that is asked may be away. */
  patienceMs: number;
}

export const PROGRESS_OPTIONS: ProgressOptions = { pollMs: 500, deadlineMs: 1_800_000, patienceMs: 30_000 };

const SLOWEST_POLL = 6;
const TRANSIENT = new Set(['service_unavailable', 'timeout']);

export interface Following {
  look: (signal: AbortSignal) => Promise<Snapshot>;
  /** Aborted when the client is gone or the gateway stops. */
  signal: AbortSignal;
  /** What a client that comes back has seen. */
  lastEventId?: number | undefined;
}

/**
 * Sends a snapshot to the client whenever it differs from the one before, until the last. Nothing is kept for a client but
 * the text that it was sent last, so that a slow one misses steps, never the end.
 * @throws DomainError when the first look fails, before anything is sent
 */
export async function streamProgress(
  reply: FastifyReply,
  following: Following,
  options: ProgressOptions = PROGRESS_OPTIONS,
): Promise<void> {
  const { look, signal, lastEventId } = following;
  const first = await look(signal);
  const isKnown = first.revision === lastEventId;
  if (isKnown && first.end !== null) return void (await reply.code(204).send());
  const writer = SseWriter.open(reply);
  try {
    await follow(writer, { look: patient(look, options), signal }, { first, isKnown, options });
  } catch (error) {
    const { code, message } = faultOf(error);
    if (!signal.aborted) await writer.send(JSON.stringify({ code, message }), undefined, 'error');
    else await writer.send(JSON.stringify({ reason: 'stopping' }), undefined, 'reconnect');
  } finally {
    writer.end();
  }
}

interface Beginning {
  first: Snapshot;
  /** The client has it already. */
  isKnown: boolean;
  options: ProgressOptions;
}

async function follow(
  writer: SseWriter,
  { look, signal }: Following,
  { first, isKnown, options: { pollMs, deadlineMs } }: Beginning,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  let current = first;
  let sent = isKnown ? JSON.stringify(first.body) : '';
  let waitMs = pollMs;
  while (writer.isOpen) {
    const text = JSON.stringify(current.body);
    waitMs = text === sent ? Math.min(waitMs * 1.5, pollMs * SLOWEST_POLL) : pollMs;
    if (text !== sent || current.end !== null) await writer.send(text, current.revision, current.end ?? 'progress');
    if (current.end !== null) return;
    sent = text;
    if (performance.now() + waitMs > deadline) {
      return writer.send(JSON.stringify({ reason: 'deadline' }), undefined, 'reconnect');
    }
    await sleep(waitMs, undefined, { signal });
    current = await look(signal);
  }
}

/** Looks again for a while when nobody answers. */
function patient(look: Following['look'], { pollMs, patienceMs }: ProgressOptions): Following['look'] {
  return async (signal) => {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      try {
        return await look(signal);
      } catch (error) {
        const isTransient = error instanceof DomainError && TRANSIENT.has(error.code);
        if (!isTransient || performance.now() > deadline) throw error;
        await sleep(pollMs * SLOWEST_POLL, undefined, { signal });
      }
    }
  };
}
