import { Socket } from 'node:net';

/** Closes the way out of this process. The parsers fetch nothing; should one ever try, it fails instead. */
export function closeNetwork(): void {
  Socket.prototype.connect = () => {
    throw new Error('The parser process does not connect to anything.');
  };
  Reflect.deleteProperty(globalThis, 'fetch');
  Reflect.deleteProperty(globalThis, 'WebSocket');
}
