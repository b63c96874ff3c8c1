import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, systemProgram } from '@parley/testing';
import { freePort } from '../../e2e/support/app-process.js';

export interface Proxy {
  baseUrl: string;
  stop(): Promise<void>;
}

/** A bare proxy in a Node process of its own. */
export async function startNodeProxy(targetUrl: string): Promise<Proxy> {
  const target = new URL(targetUrl);
  const port = await freePort();
  const script = join(import.meta.dirname, 'node-proxy.ts');
  const child = spawn(process.execPath, [script, target.port, String(port)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await listens(port);
  return { baseUrl: `http://127.0.0.1:${port}${target.pathname}`, stop: () => end(child) };
}

/** nginx with one worker that buffers nothing and keeps its connections; null where it is not to be had. */
export async function startNginxProxy(targetUrl: string): Promise<Proxy | null> {
  const program = await systemProgram('nginx');
  if (!program) return null;
  const target = new URL(targetUrl);
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'parley-nginx-'));
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const file = `pid ${folder}/pid; worker_processes 1; error_log /dev/stderr error; events { worker_connections 4096; }
http { access_log off; ${paths.join(' ')}
  upstream provider { server ${target.host}; keepalive 256; keepalive_timeout 3s; }
  server { listen 127.0.0.1:${port}; location / {
    proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection ''; proxy_buffering off; } } }`;
  await writeFile(join(folder, 'nginx.conf'), file);
  const args = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-g', 'daemon off;'];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  await listens(port);
  return {
    baseUrl: `http://127.0.0.1:${port}${target.pathname}`,
    async stop() {
      await end(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

const listens = (port: number) =>
  eventually(async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect').finally(() => socket.destroy());
  });
