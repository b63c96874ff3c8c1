import { setTimeout as delay } from 'node:timers/promises';
import { type Heard, Listening } from '../../e2e/support/listening.js';
import { type Fleet } from './fleet.js';

/** A lost gateway is noticed at once, a lost chat service after some seconds, and every try waits before the next. */
const MAX_RESUMES = 60;
const BETWEEN_TRIES_MS = 500;

export const ENDS = ['completed', 'stopped', 'interrupted', 'abandoned', 'refused'] as const;
export type End = (typeof ENDS)[number];

export interface Outcome {
  end: End;
  resumes: number;
  /** What must not be: a token lost or doubled, an answer that nobody knows anything of. */
  fault?: string;
  runId: string | null;
}

/** One client that asks, and sometimes goes away, comes back somewhere else, or says stop. */
export class SoakClient {
  readonly #fleet: Fleet;
  readonly #answer: string;
  readonly #model: string;

  constructor(fleet: Fleet, { answer, model }: { answer: string; model: string }) {
    this.#fleet = fleet;
    this.#answer = answer;
    this.#model = model;
  }

  async ask(): Promise<Outcome> {
    const gateway = this.#fleet.gateway();
    const listening = this.#open(`${gateway}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: this.#model, stream: true, messages: [{ role: 'user', content: 'Tell me.' }] }),
    });
    const dice = Math.random();
    if (dice < 0.4) return this.#outcome(await this.#follow(listening, gateway));
    await this.#somewhere(listening);
    const { runId } = listening.heard;
    if (runId === null) return this.#outcome(await this.#follow(listening, gateway));
    if (dice < 0.5) return { ...this.#checked(await listening.leave()), end: 'abandoned', resumes: 0, runId };
    if (dice < 0.7) {
      await this.#cancel(runId, gateway);
      return this.#outcome(await this.#follow(listening, gateway), true);
    }
    await listening.leave();
    await delay(Math.random() * 1_000);
    return this.#outcome(await this.#follow(listening, gateway));
  }

  async run(runId: string): Promise<{ status: string; output: { text: string } | null }> {
    const response = await fetch(`${this.#fleet.gateway()}/api/v1/runs/${runId}`, { headers: this.#headers() });
    if (!response.ok) throw new Error(`run ${runId}: ${response.status}`);
    return (await response.json()) as never;
  }

  /** Hears a stream to its end, on other gateways where it breaks. */
  async #follow(first: Listening, gateway: string): Promise<{ heard: Heard; resumes: number }> {
    const heard = { ...(await first.ended) };
    let from = gateway;
    let resumes = 0;
    const isOver = () => heard.isDone || !(heard.error === null || heard.error === 'service_unavailable');
    while (!isOver() && heard.runId !== null && resumes < MAX_RESUMES) {
      if (resumes > 0) await delay(BETWEEN_TRIES_MS);
      resumes++;
      from = this.#fleet.gateway(from);
      const after = { 'last-event-id': heard.lastId ?? '0' };
      const next = await this.#open(`${from}/api/v1/runs/${heard.runId}/events`, { headers: after }).ended;
      heard.text += next.text;
      heard.lastId = next.lastId ?? heard.lastId;
      heard.isDone = next.isDone;
      heard.error = next.error;
    }
    return { heard, resumes };
  }

  #outcome({ heard, resumes }: { heard: Heard; resumes: number }, isStopped = false): Outcome {
    const { runId } = heard;
    if (runId === null) return { end: 'refused', resumes, runId };
    const outcome = { ...this.#checked(heard), resumes, runId };
    if (heard.error === 'stream_interrupted') return { ...outcome, end: 'interrupted' };
    const end = isStopped ? 'stopped' : 'completed';
    if (heard.error !== null) return { ...outcome, end, fault: `ended with ${heard.error}` };
    if (!heard.isDone) return { ...outcome, end, fault: `no end was heard after ${resumes} tries` };
    if (!isStopped && heard.text.length < this.#answer.length) {
      return { ...outcome, end, fault: `${this.#answer.length - heard.text.length} characters were lost at the end` };
    }
    return { ...outcome, end };
  }

  #checked({ text, runId }: Heard): { fault?: string } {
    return this.#answer.startsWith(text)
      ? {}
      : { fault: `run ${runId} is not what the model said: …${text.slice(-40)}` };
  }

  /** Waits until a part of the answer has arrived, or all of it. */
  async #somewhere(listening: Listening): Promise<void> {
    const length = Math.random() * this.#answer.length * 0.8;
    const isEnded = listening.ended.then(() => true);
    while (listening.heard.text.length < length) {
      if (await Promise.race([isEnded, delay(50).then(() => false)])) return;
    }
  }

  async #cancel(runId: string, gateway: string): Promise<void> {
    const url = `${this.#fleet.gateway(gateway)}/api/v1/runs/${runId}/cancel`;
    const { authorization } = this.#headers();
    await fetch(url, { method: 'POST', headers: { authorization } }).catch(() => undefined);
  }

  #open(url: string, init: RequestInit): Listening {
    return new Listening((signal) => fetch(url, { ...init, headers: { ...this.#headers(), ...init.headers }, signal }));
  }

  #headers() {
    return { authorization: `Bearer ${this.#fleet.apiKey}`, 'content-type': 'application/json' };
  }
}
