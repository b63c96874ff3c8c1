import { Injectable } from '@nestjs/common';
import { GetChatStatus, GetMemoryStatus, type ProviderStatus, TenantContext } from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { VERSION } from '@parley/observability';
import { Database } from '@parley/persistence';

export interface SuiteStatus {
  /** `degraded`: it serves, but the language model does not answer. */
  status: 'healthy' | 'degraded' | 'unhealthy';
  version: string;
  /** ISO 8601, of the check. */
  timestamp: string;
  /** All services reach their database. */
  database: boolean;
  /** The language model answers. */
  llm: boolean;
  services: { gateway: boolean; chat: boolean; memory: boolean };
  /** Of language models; empty when the chat service does not answer. */
  providers: ProviderStatus[];
}

const TIMEOUT_MS = 2_000;
/** Anybody may ask, so asking often must not mean checking often. */
const MAX_AGE_MS = 1_000;

/** The services' status belongs to no tenant. */
const NIL = '00000000-0000-0000-0000-000000000000';
const NOBODY = TenantContext.of({ tenantId: NIL, userId: NIL, role: 'member' });

/** Whether the suite as a whole can serve, as opposed to this process alone. */
@Injectable()
export class SuiteStatusService {
  #latest: { at: number; status: Promise<SuiteStatus> } | undefined;

  constructor(
    private readonly bus: MessageBus,
    private readonly database: Database,
  ) {}

  /** Never rejects, and takes little more than two seconds at most. */
  current(): Promise<SuiteStatus> {
    const now = performance.now();
    if (!this.#latest || now - this.#latest.at > MAX_AGE_MS) this.#latest = { at: now, status: this.#check() };
    return this.#latest.status;
  }

  async #check(): Promise<SuiteStatus> {
    const [gatewayDatabase, chat, memory] = await Promise.all([
      settled(this.database.ping()),
      settled(this.bus.request(GetChatStatus, {}, NOBODY, { timeoutMs: TIMEOUT_MS })),
      settled(this.bus.request(GetMemoryStatus, {}, NOBODY, { timeoutMs: TIMEOUT_MS })),
    ]);
    const database = gatewayDatabase.ok && isTrue(chat, 'database') && isTrue(memory, 'database');
    const llm = isTrue(chat, 'llm');
    return {
      status: database ? (llm ? 'healthy' : 'degraded') : 'unhealthy',
      version: VERSION,
      timestamp: new Date().toISOString(),
      database,
      llm,
      services: { gateway: gatewayDatabase.ok, chat: chat.ok, memory: memory.ok },
      providers: (chat.ok && chat.value.providers) || [],
    };
  }
}

type Settled<T> = { ok: true; value: T } | { ok: false };

async function settled<T>(work: Promise<T>): Promise<Settled<T>> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<Settled<T>>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false }), TIMEOUT_MS);
  });
  const outcome = work.then(
    (value): Settled<T> => ({ ok: true, value }),
    (): Settled<T> => ({ ok: false }),
  );
  return Promise.race([outcome, deadline]).finally(() => clearTimeout(timer));
}

function isTrue<T, K extends keyof T>(outcome: Settled<T>, key: K): boolean {
  return outcome.ok && outcome.value[key] === true;
}
