import { type IncomingMessage } from 'node:http';

const DISCARD_DEADLINE_MS = 10_000;

/** Lets a client that still sends read the answer, for a while: closing at once would reset the connection before. */
export function discardRest(request: IncomingMessage): void {
  if (request.readableEnded || request.destroyed) return;
  const { socket } = request;
  const deadline = setTimeout(() => socket.destroy(), DISCARD_DEADLINE_MS);
  const settle = () => {
    clearTimeout(deadline);
    socket.off('close', settle);
  };
  request.once('end', settle);
  // The request itself is not told of a close once it has been answered.
  socket.once('close', settle);
  request.unpipe();
  request.resume();
}
