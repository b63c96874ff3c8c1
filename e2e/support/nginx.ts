import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { eventually, systemProgram } from '@parley/testing';
import { freePort } from './app-process.js';

const CONFIGURATION = resolve(import.meta.dirname, '../../docker/nginx');
const run = promisify(execFile);

/** The nginx of docker/nginx in front of gateways, with the same files but for ports, certificate and upstream. */
export class Nginx {
  readonly baseUrl: string;
  /** Where plain HTTP is answered with the way to HTTPS. */
  readonly plainUrl: string;
  /** In PEM, for clients to trust. */
  readonly certificate: string;
  /** The last of what it has complained about. */
  complaints = '';
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(
    process: ChildProcess,
    folder: string,
    ports: { plain: number; tls: number },
    certificate: string,
  ) {
    this.#process = process;
    this.#folder = folder;
    this.baseUrl = `https://localhost:${ports.tls}`;
    this.plainUrl = `http://localhost:${ports.plain}`;
    this.certificate = certificate;
  }

  /** @param gateways their URLs */
  static async start(gateways: string[]): Promise<Nginx> {
    const program = await systemProgram('nginx');
    const openssl = await systemProgram('openssl');
    if (!program || !openssl) throw new Error('nginx or openssl is not installed, and cannot be');
    const folder = await mkdtemp(join(tmpdir(), 'parley-nginx-'));
    const ports = { plain: await freePort(), tls: await freePort() };
    const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', 'tls.key', '-out', 'tls.crt', '-days', '2'];
    const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    await run(openssl, ['req', '-x509', ...key, ...name], { cwd: folder });
    await writeFile(join(folder, 'nginx.conf'), await mainFile(folder, ports));
    await writeFile(join(folder, 'gateway.conf'), await readFile(join(CONFIGURATION, 'gateway.conf')));
    await writeFile(join(folder, 'upstream.conf'), await upstreamFile(gateways));
    const args = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-g', 'daemon off;'];
    const process = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const nginx = new Nginx(process, folder, ports, await readFile(join(folder, 'tls.crt'), 'utf8'));
    process.stderr!.setEncoding('utf8').on('data', (text: string) => {
      nginx.complaints = (nginx.complaints + text).slice(-10_000);
    });
    try {
      await eventually(async () => {
        if (process.exitCode !== null) throw new Error(`nginx has ended: ${nginx.complaints}`);
        if ((await nginx.get('/health')) !== 200) throw new Error(`nginx does not serve: ${nginx.complaints}`);
      });
      return nginx;
    } catch (error) {
      await nginx.stop();
      throw error;
    }
  }

  /** The status of a request. */
  async get(path: string): Promise<number> {
    const request = httpsRequest(this.baseUrl + path, { ca: this.certificate, agent: false, timeout: 5_000 }).end();
    const [response] = await once(request, 'response');
    response.resume();
    return response.statusCode;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null) {
      this.#process.kill('SIGTERM');
      await once(this.#process, 'exit');
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function mainFile(folder: string, ports: { plain: number; tls: number }): Promise<string> {
  const text = await readFile(join(CONFIGURATION, 'nginx.conf'), 'utf8');
  return replaceAll(text, [
    ['/tmp/', `${folder}/`],
    ['/etc/nginx/tls/', `${folder}/`],
    ['listen [::]:80;', ''],
    ['listen [::]:443 ssl http2;', ''],
    ['listen 80;', `listen 127.0.0.1:${ports.plain};`],
    ['listen 443 ssl http2;', `listen 127.0.0.1:${ports.tls} ssl http2;`],
  ]);
}

/** Ports of this machine instead of names that only Docker's resolver knows. */
async function upstreamFile(gateways: string[]): Promise<string> {
  const text = await readFile(join(CONFIGURATION, 'upstream.conf'), 'utf8');
  const servers = gateways.map((url) => `server ${new URL(url).host} max_fails=0;`);
  return replaceAll(text, [
    ['resolver 127.0.0.11 valid=5s ipv6=off;', ''],
    ['server gateway:3001 resolve max_fails=0;', servers.join('\n  ')],
  ]);
}

/** Throws when a line is not there any more, so that the test goes on testing the real file. */
function replaceAll(text: string, replacements: [from: string, to: string][]): string {
  return replacements.reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`nginx configuration without ${from}`);
    return result.replaceAll(from, to);
  }, text);
}
