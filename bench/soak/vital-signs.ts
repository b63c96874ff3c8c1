import { type Member } from './fleet.js';

/** What a process holds. */
export interface VitalSigns {
  heapMb: number;
  residentMb: number;
  handles: number;
}

/** Of a process that serves Prometheus metrics. */
export async function vitalSigns({ url }: Member, token: string): Promise<VitalSigns> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`${url}/metrics answered ${response.status}`);
  const text = await response.text();
  const value = (name: string) => Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1]);
  return {
    heapMb: value('nodejs_heap_size_used_bytes') / 1_048_576,
    residentMb: value('process_resident_memory_bytes') / 1_048_576,
    handles: value('nodejs_active_resources_total'),
  };
}

/** Messages that wait in all queues of the broker. */
export async function waitingMessages(managementUrl: string): Promise<number> {
  const { username, password, origin } = new URL(managementUrl);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const response = await fetch(`${origin}/api/queues`, { headers: { authorization } });
  const queues = (await response.json()) as { messages?: number }[];
  return queues.reduce((sum, { messages = 0 }) => sum + messages, 0);
}
