import { eventually } from '@parley/testing';
import { type AppProcess } from '../../e2e/support/app-process.js';
import { type LaunchedSuite, signIn, startRealSuite, type Suite } from '../../e2e/support/suite.js';

const READY_TIMEOUT_MS = 120_000;

export interface Member {
  app: AppProcess;
  url: string;
}

export type Kind = 'gateway' | 'chat';

/**
 * Several gateways and chat services behind nothing: clients choose the gateway themselves, as behind a load balancer. The
 * first of each kind is never killed, so that what it holds can be watched from beginning to end.
 */
export class Fleet {
  readonly #suite: Suite & LaunchedSuite;
  readonly #members: Record<Kind, Member[]>;

  private constructor(suite: Suite & LaunchedSuite) {
    const [gateway, chat] = suite.processes;
    this.#suite = suite;
    this.#members = {
      gateway: [{ app: gateway!, url: suite.urls[0]! }],
      chat: [{ app: chat!, url: suite.urls[1]! }],
    };
  }

  static async start(sizes: Record<Kind, number>, environment: Record<string, string>): Promise<Fleet> {
    const fleet = new Fleet(await startRealSuite(environment));
    for (const kind of ['gateway', 'chat'] as const) {
      for (let count = 1; count < sizes[kind]; count++) await fleet.#add(kind);
    }
    return fleet;
  }

  get apiKey(): string {
    return this.#suite.apiKey;
  }

  /** Those that live from beginning to end. */
  get veterans(): Record<Kind, Member> {
    return { gateway: this.#members.gateway[0]!, chat: this.#members.chat[0]! };
  }

  /** The URL of any gateway, another than one that was used before where there is one. */
  gateway(except?: string): string {
    const urls = this.#members.gateway.map(({ url }) => url).filter((url) => url !== except);
    return urls[Math.floor(Math.random() * urls.length)] ?? except!;
  }

  /** Kills one with -9, and starts another in its place. */
  async replace(kind: Kind): Promise<void> {
    const members = this.#members[kind];
    const victim = members[1 + Math.floor(Math.random() * (members.length - 1))];
    if (!victim) return;
    members.splice(members.indexOf(victim), 1);
    victim.app.kill('SIGKILL');
    await victim.app.exited;
    await this.#add(kind);
  }

  /** Of an administrator, whom gateways show their metrics. */
  adminToken(): Promise<string> {
    const { baseUrl, adminEmail, adminPassword } = this.#suite;
    return signIn(baseUrl, adminEmail, adminPassword);
  }

  stop(): Promise<void> {
    return this.#suite.stop();
  }

  async #add(kind: Kind): Promise<void> {
    const member = await this.#suite.add(kind);
    const isReady = async () => {
      const { status } = await fetch(`${member.url}/health/ready`);
      if (status !== 200) throw new Error(`${kind} is not ready: ${status}\n${member.app.output}`);
    };
    await eventually(isReady, { timeoutMs: READY_TIMEOUT_MS, intervalMs: 100 });
    this.#members[kind].push(member);
  }
}
