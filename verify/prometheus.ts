import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, systemProgram } from '@parley/testing';
import { freePort } from '../e2e/support/app-process.js';

const REQUEST_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 5_000;

export interface ScrapeTarget {
  job: string;
  /** `host:port` */
  address: string;
}

export interface Sample {
  metric: Record<string, string>;
  value: number;
}

/** A real Prometheus that scrapes every second and keeps what it has in a folder of its own. */
export class Prometheus {
  readonly baseUrl: string;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(baseUrl: string, process: ChildProcess, folder: string) {
    this.baseUrl = baseUrl;
    this.#process = process;
    this.#folder = folder;
  }

  static async start(targets: ScrapeTarget[]): Promise<Prometheus> {
    const program = await systemProgram('prometheus');
    if (!program) throw new Error('prometheus is not installed, and cannot be');
    const folder = await mkdtemp(join(tmpdir(), 'parley-prometheus-'));
    const jobs = targets.map(({ job, address }) => ({ job_name: job, static_configs: [{ targets: [address] }] }));
    const configuration = { global: { scrape_interval: '1s', scrape_timeout: '1s' }, scrape_configs: jobs };
    // JSON is YAML.
    await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(configuration));
    const address = `127.0.0.1:${await freePort()}`;
    const options = ['config.file=prometheus.yml', 'storage.tsdb.path=data', `web.listen-address=${address}`];
    const args = options.map((option) => `--${option}`);
    const child = spawn(program, args, { cwd: folder, stdio: 'ignore' });
    const prometheus = new Prometheus(`http://${address}`, child, folder);
    try {
      await eventually(
        async () => {
          const { ok } = await fetch(`${prometheus.baseUrl}/-/ready`, { signal: AbortSignal.timeout(1_000) });
          if (!ok) throw new Error('Prometheus does not get ready.');
        },
        { timeoutMs: 30_000 },
      );
      return prometheus;
    } catch (error) {
      await prometheus.stop();
      throw error;
    }
  }

  /** The value of an expression now, as instant vector. @throws Error with what Prometheus says of a wrong expression */
  async query(expression: string): Promise<Sample[]> {
    const response = await fetch(`${this.baseUrl}/api/v1/query`, {
      method: 'POST',
      body: new URLSearchParams({ query: expression }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const answer = (await response.json()) as {
      error?: string;
      data: { result: { metric: Record<string, string>; value: [number, string] }[] };
    };
    if (!response.ok) throw new Error(`${expression}: ${answer.error}`);
    return answer.data.result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const exited = once(this.#process, 'exit');
      this.#process.kill('SIGTERM');
      const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await exited;
      clearTimeout(timer);
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}
