import { type ChildProcess, spawn } from 'node:child_process';
import { eventually, systemProgram } from '@parley/testing';
import { freePort } from '../e2e/support/app-process.js';

/** What Prometheus scrapes of PostgreSQL. */
export class PostgresExporter {
  readonly address: string;
  readonly #process: ChildProcess;

  private constructor(address: string, process: ChildProcess) {
    this.address = address;
    this.#process = process;
  }

  static async start(databaseUrl: string): Promise<PostgresExporter> {
    const program = await systemProgram('prometheus-postgres-exporter');
    if (!program) throw new Error('prometheus-postgres-exporter is not installed, and cannot be');
    const address = `127.0.0.1:${await freePort()}`;
    const source = new URL(databaseUrl);
    source.searchParams.set('sslmode', 'disable');
    const env = { ...process.env, DATA_SOURCE_NAME: source.href };
    const child = spawn(program, [`--web.listen-address=${address}`], { env, stdio: 'ignore' });
    const exporter = new PostgresExporter(address, child);
    try {
      await eventually(
        async () => {
          const response = await fetch(`http://${address}/metrics`, { signal: AbortSignal.timeout(5_000) });
          if (!/^pg_up 1$/m.test(await response.text())) throw new Error('The exporter does not reach PostgreSQL.');
        },
        { timeoutMs: 30_000 },
      );
      return exporter;
    } catch (error) {
      await exporter.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await exited;
  }
}
