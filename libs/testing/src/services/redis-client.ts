import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Sends one command without arguments that need quoting and returns the raw reply. Rejects on an error reply or after 2 s. */
export function redisCommand(url: string, command: string): Promise<string> {
  const { protocol, hostname, port, username, password } = new URL(url);
  const target = { host: hostname, port: Number(port || 6379) };
  const login = password
    ? [`AUTH ${username ? `${decodeURIComponent(username)} ` : ''}${decodeURIComponent(password)}`]
    : [];
  return new Promise((resolve, reject) => {
    const socket = protocol === 'rediss:' ? connectTls({ ...target, servername: hostname }) : connectTcp(target);
    let reply = '';
    socket.setTimeout(2_000, () => socket.destroy(new Error('Redis did not answer within 2 s')));
    socket.on('data', (chunk) => (reply += chunk.toString()));
    socket.once('error', reject);
    socket.once('end', () =>
      reply.startsWith('-') || reply.includes('\r\n-') ? reject(new Error(reply.trim())) : resolve(reply),
    );
    socket.write([...login, command, 'QUIT', ''].join('\r\n'));
  });
}
